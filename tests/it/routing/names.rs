//! What the names in a statement stand for: tables, and sets of parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Node, split};

/// Words after which no other name of a source comes.
const KEYWORDS: [&str; 22] = [
    "AS",
    "CROSS",
    "DEFAULT",
    "FOR",
    "GROUP",
    "INNER",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIMIT",
    "OF",
    "ON",
    "ORDER",
    "ORDINALITY",
    "RETURNING",
    "SELECT",
    "SET",
    "UNION",
    "USING",
    "VALUES",
    "WHERE",
    "WITH",
];

/// What the names in a statement stand for.
#[derive(Default)]
pub(super) struct Names {
    /// Of a table, by the name that the statement gives it.
    tables: BTreeMap<String, BTreeSet<String>>,
    /// Numbers of parameters, by source and column: `given.account` in `WITH given AS (SELECT $1::uuid AS account)`.
    given: BTreeMap<String, BTreeMap<String, usize>>,
    /// Parts of the statement, which are no tables.
    parts: BTreeSet<String>,
}

impl Names {
    pub(super) fn of(statement: &[Node]) -> Self {
        let mut names = Self::default();
        names.find_parts(statement);
        names.find_tables(statement);
        names
    }

    fn find_parts(&mut self, level: &[Node]) {
        for (at, node) in level.iter().enumerate() {
            let Some(group) = node.group() else { continue };
            self.find_parts(group);
            let before: Vec<_> = level[..at].iter().rev().filter(|node| !node.is("MATERIALIZED")).collect();
            let after = &level[at + 1..];
            match (&before[..], after) {
                ([by, name, ..], _) if by.is("AS") && name.word().is_some() => self.add_part(name, selected(group)),
                ([function, ..], [with, ordinality, by, name, columns, ..])
                    if function.is("unnest") && with.is("WITH") && ordinality.is("ORDINALITY") && by.is("AS") =>
                {
                    let arguments = split(group, ",").into_iter().map(parameter);
                    let columns = split(columns.group().unwrap_or_default(), ",").into_iter().map(single);
                    let pairs =
                        columns.zip(arguments).filter_map(|(column, number)| Some((column?.to_owned(), number?)));
                    self.add_part(name, pairs.collect());
                }
                (_, [name, ..]) if group.first().is_some_and(|first| first.is("SELECT")) && is_name(name) => {
                    self.add_part(name, selected(group));
                }
                _ => {}
            }
        }
    }

    fn add_part(&mut self, name: &Node, parameters: BTreeMap<String, usize>) {
        let name = name.word().expect("a name").to_owned();
        if !parameters.is_empty() {
            self.given.insert(name.clone(), parameters);
        }
        self.parts.insert(name);
    }

    fn find_tables(&mut self, level: &[Node]) {
        for (name, source) in sources(level) {
            if !self.parts.contains(source) {
                self.tables.entry(name.to_owned()).or_default().insert(source.to_owned());
            }
        }
        level.iter().filter_map(Node::group).for_each(|group| self.find_tables(group));
    }

    /// The table and the column that a name means on a level that has these sources.
    pub(super) fn column(&self, name: &str, here: &[String]) -> Option<(String, String)> {
        let (source, column) = match name.split_once('.') {
            Some((source, column)) => (source, column),
            // Without its source only where there is but one table.
            None => {
                let mut tables = here.iter().filter(|source| self.tables.contains_key(*source));
                let (Some(one), None) = (tables.next(), tables.next()) else { return None };
                (one.as_str(), name)
            }
        };
        let mut tables = self.tables.get(source)?.iter();
        let table = tables.next()?;
        assert!(tables.next().is_none(), "{source} is more than one table");
        Some((table.clone(), column.to_owned()))
    }

    /// The number of the parameter that a name means on a level that has these sources.
    pub(super) fn parameter(&self, name: &str, here: &[String]) -> Option<usize> {
        if let Some(number) = name.strip_prefix('$') {
            return number.parse().ok();
        }
        if let Some((source, column)) = name.split_once('.') {
            return self.given.get(source)?.get(column).copied();
        }
        here.iter().find_map(|source| self.given.get(source)?.get(name).copied())
    }
}

/// The names that a level gives to what it reads and writes, each with what it is.
pub(super) fn sources(level: &[Node]) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    // What is joined may stand in parentheses of its own.
    if let [Node::Word(table), join, ..] = level
        && ["INNER", "LEFT", "JOIN"].iter().any(|word| join.is(word))
    {
        found.push((table.as_str(), table.as_str()));
    }
    let mut is_in_list = false;
    for (at, node) in level.iter().enumerate() {
        let Some(word) = node.word() else { continue };
        // `IS DISTINCT FROM` compares.
        let compares = at > 0 && level[at - 1].is("DISTINCT");
        let begins = ["FROM", "JOIN", "UPDATE", "INTO"].contains(&word) && !compares;
        if begins || word == "USING" {
            is_in_list = true;
        } else if KEYWORDS.contains(&word) && !["AS", "CROSS", "LEFT", "INNER", "LATERAL"].contains(&word) {
            is_in_list = false;
        }
        if !(begins || is_in_list && [",", "USING"].contains(&word)) {
            continue;
        }
        let Some(source) = level.get(at + 1).filter(|next| is_name(next)).and_then(Node::word) else { continue };
        // With a group behind it, it is a function, but where rows are put in.
        let next = level.get(at + 2);
        if next.is_some_and(|next| next.group().is_some()) && word != "INTO" {
            continue;
        }
        let next = if next.is_some_and(|next| next.is("AS")) { level.get(at + 3) } else { next };
        let name = next.filter(|next| is_name(next)).and_then(Node::word).unwrap_or(source);
        found.push((name, source));
    }
    found
}

fn is_name(node: &Node) -> bool {
    node.word().is_some_and(|word| word.starts_with(char::is_alphabetic) && !KEYWORDS.contains(&word))
}

/// The parameters that a query only gives names to.
fn selected(group: &[Node]) -> BTreeMap<String, usize> {
    let Some((first, list)) = group.split_first() else { return BTreeMap::new() };
    if !first.is("SELECT") {
        return BTreeMap::new();
    }
    let items = split(list, ",").into_iter().filter_map(|item| match item {
        [number, by, name, ..] if by.is("AS") => {
            Some((name.word()?.to_owned(), parameter(std::slice::from_ref(number))?))
        }
        _ => None,
    });
    items.collect()
}

fn parameter(nodes: &[Node]) -> Option<usize> {
    single(nodes)?.strip_prefix('$')?.parse().ok()
}

fn single(nodes: &[Node]) -> Option<&str> {
    let [one] = nodes else { return None };
    one.word()
}
