//! By what a statement could be routed, as its text says: the conditions that compare a key of a shard with a parameter.

use std::collections::BTreeSet;

use portcullis::db::Declared;

use super::names::{Names, sources};
use super::text::{Node, read, split};

/// By what a statement may be routed, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    Account,
    Session,
    Flow,
    Name,
}

/// Where a condition ends.
const ENDS: [&str; 13] =
    ["CROSS", "FOR", "GROUP", "INNER", "JOIN", "LEFT", "LIMIT", "ON", "ORDER", "RETURNING", "SET", "UNION", "WHERE"];

/// A condition that routes.
type Found = (Route, String);

/// The nearest route that the text has, and its conditions.
pub(crate) fn routed(text: &str, declared: Option<&Declared>) -> Option<(Route, BTreeSet<String>)> {
    let nodes = read(text);
    let reading =
        Reading { names: Names::of(&nodes), parameters: declared.map(Declared::parameters).unwrap_or_default() };
    let found = reading.level(&nodes);
    let nearest = found.iter().map(|(route, _)| *route).min()?;
    let conditions = found.into_iter().filter(|(route, _)| *route == nearest).map(|(_, condition)| condition);
    Some((nearest, conditions.collect()))
}

struct Reading {
    names: Names,
    parameters: Vec<portcullis::db::Value>,
}

impl Reading {
    /// What routes a level of parentheses, or one within it.
    fn level(&self, level: &[Node]) -> Vec<Found> {
        let here: Vec<String> = sources(level).into_iter().map(|(name, _)| name.to_owned()).collect();
        let mut found = self.inserted(level, &here);
        for (at, node) in level.iter().enumerate() {
            if let Some(group) = node.group() {
                found.extend(self.level(group));
            } else if node.is("WHERE") || node.is("ON") {
                let rest = &level[at + 1..];
                let end = rest.iter().position(|node| ENDS.iter().any(|end| node.is(end))).unwrap_or(rest.len());
                found.extend(self.condition(&rest[..end], &here, true));
            }
        }
        found
    }

    /// What routes a condition: one of the terms that must all hold, or each of those of which one is enough.
    fn condition(&self, condition: &[Node], here: &[String], is_alone: bool) -> Vec<Found> {
        let branches = split(condition, "OR");
        let is_alone = is_alone && branches.len() == 1;
        let branches: Vec<Vec<Found>> = branches
            .into_iter()
            .map(|branch| split(branch, "AND").into_iter().flat_map(|term| self.term(term, here, is_alone)).collect())
            .collect();
        let everywhere = |route: Route| branches.iter().all(|branch| branch.iter().any(|(other, _)| *other == route));
        branches.iter().flatten().filter(|(route, _)| everywhere(*route)).cloned().collect()
    }

    fn term(&self, term: &[Node], here: &[String], is_alone: bool) -> Vec<Found> {
        if let [Node::Group(group)] = term {
            let is_query = group.first().is_some_and(|first| first.is("SELECT"));
            return if is_query { Vec::new() } else { self.condition(group, here, is_alone) };
        }
        let [one, other] = split(term, "=")[..] else { return Vec::new() };
        let compared = |key, value| Some((self.key(key, here)?, self.value(value, here)?));
        let Some(((route, key), number)) = compared(one, other).or_else(|| compared(other, one)) else {
            return Vec::new();
        };
        // What is null finds nothing, so it can't be the only one.
        let (name, nullable) = self.declared(number);
        if nullable && is_alone { Vec::new() } else { vec![(route, format!("{key} = {name}"))] }
    }

    /// What is put into the column of a key.
    fn inserted(&self, level: &[Node], here: &[String]) -> Vec<Found> {
        let Some(at) = level.iter().position(|node| node.is("INTO")) else { return Vec::new() };
        let [table, Node::Group(columns), verb, rest @ ..] = &level[at + 1..] else { return Vec::new() };
        let table = table.word().expect("a table");
        assert!(verb.is("SELECT"), "what is put into {table} is not read");
        let end = rest.iter().position(|node| node.is("FROM")).unwrap_or(rest.len());
        let pairs = split(columns, ",").into_iter().zip(split(&rest[..end], ","));
        let found = pairs.filter_map(|(column, value)| {
            let [Node::Word(column)] = column else { return None };
            let (name, nullable) = self.declared(self.value(value, here)?);
            let route = route(table, column)?;
            (!nullable).then(|| (route, format!("{table}.{column} = {name}")))
        });
        found.collect()
    }

    fn key(&self, nodes: &[Node], here: &[String]) -> Option<(Route, String)> {
        match nodes {
            [Node::Word(name)] => {
                let (table, column) = self.names.column(name, here)?;
                Some((route(&table, &column)?, format!("{table}.{column}")))
            }
            [function, Node::Group(folded)] if function.is("lower") => {
                let (table, column) = self.names.column(folded.first()?.word()?, here)?;
                let is_name = table == "accounts" && ["email", "username"].contains(&column.as_str());
                is_name.then(|| (Route::Name, format!("lower({table}.{column})")))
            }
            _ => None,
        }
    }

    /// The number of the parameter that this is.
    fn value(&self, nodes: &[Node], here: &[String]) -> Option<usize> {
        match nodes {
            [Node::Word(name)] => self.names.parameter(name, here),
            [any, Node::Group(group)] if any.is("ANY") => self.value(group, here),
            [Node::Group(group)] => match &group[..] {
                [select, Node::Word(name), from, Node::Word(source)] if select.is("SELECT") && from.is("FROM") => {
                    self.names.parameter(name, std::slice::from_ref(source))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A parameter's name, and whether it may be null.
    fn declared(&self, number: usize) -> (String, bool) {
        match self.parameters.get(number - 1) {
            Some(parameter) => (parameter.name.to_owned(), parameter.nullable),
            None => (format!("${number}"), false),
        }
    }
}

/// What routes by a column: a session's row, and all that is an account's, lies beside the account.
fn route(table: &str, column: &str) -> Option<Route> {
    match (table, column) {
        ("accounts", "id") | (_, "account_id") => Some(Route::Account),
        ("sessions", "id") => Some(Route::Session),
        ("flows", "token_hash" | "link_hash") => Some(Route::Flow),
        _ => None,
    }
}

#[test]
fn a_text_routes_only_where_a_key_has_to_be_what_is_given() {
    let route = |text: &str| routed(text, None).map(|(route, _)| route);
    assert_eq!(route("SELECT FROM sessions s WHERE s.account_id = $1::uuid"), Some(Route::Account));
    assert_eq!(route("SELECT FROM sessions s WHERE s.account_id <> $1::uuid"), None);
    assert_eq!(route("SELECT FROM sessions s WHERE s.account_id::text = $1::text"), None);
    assert_eq!(route("SELECT FROM sessions s WHERE s.account_id = $1 OR s.created_at > $2"), None);
    assert_eq!(
        route("SELECT FROM sessions s WHERE (s.account_id = $1 OR s.account_id = $2) AND s.methods = $3"),
        Some(Route::Account)
    );
    assert_eq!(
        route("SELECT FROM accounts a JOIN sessions s ON s.account_id = a.id WHERE s.id = $1"),
        Some(Route::Session)
    );
    assert_eq!(route("UPDATE sessions SET account_id = $1 WHERE revoked_at = $2"), None);
    assert_eq!(route("SELECT FROM flows WHERE id = $1"), None);
    let given = "WITH given AS (SELECT $1::uuid AS account), one AS (SELECT id FROM accounts WHERE id = (SELECT";
    assert_eq!(route(&format!("{given} account FROM given)) SELECT FROM one")), Some(Route::Account));
    assert_eq!(route(&format!("{given} other FROM given)) SELECT FROM one")), None);
}
