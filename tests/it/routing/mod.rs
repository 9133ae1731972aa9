//! Which statements each operation sends, and by what a database of several shards could route them: the tables of
//! `docs/scaling/statements.md`.

mod names;
mod page;
mod route;
mod sent;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use page::Row;
use portcullis::db::Declared;

/// A statement's name, its text as one line, and what it declares.
fn named(sent: &str) -> (String, String, Option<&'static Declared>) {
    let declared = Declared::all().into_iter().find(|declared| sent.starts_with(declared.text));
    let text = declared.map_or(sent, |declared| declared.text);
    let code = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
    let text = code.split("  -- ").next().unwrap_or_default().replace('"', "");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = match declared {
        Some(declared) => declared.name.trim_start_matches("portcullis::").to_owned(),
        // Of a query that diesel builds the columns tell nothing.
        None => text.split_once(" FROM ").map_or(text.clone(), |(_, rest)| rest.to_owned()),
    };
    (name, text, declared)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_statement_of_the_hot_path_is_routed_as_the_page_says() {
    let mut texts = BTreeMap::new();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (operation, statement) in sent::by_each_operation().await {
        let (name, text, declared) = named(&statement);
        found.entry(name.clone()).or_default().insert(operation.to_owned());
        texts.insert(name, (text, declared));
    }
    let rows = page::rows();
    let mut faults = Vec::new();
    for row in &rows {
        let Some(operations) = found.remove(&row.statement) else {
            faults.push(format!("nobody sends {}", row.statement));
            continue;
        };
        if !row.is_any && operations != row.operations {
            faults.push(format!("{} is sent by {operations:?}, not by {:?}", row.statement, row.operations));
        }
        let (text, declared) = &texts[&row.statement];
        faults.extend(misrouted(row, text, *declared));
    }
    for (name, operations) in found {
        faults.push(format!("{name}, which {operations:?} sends, is not on the page"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What the page says and the text does not, or the other way round.
fn misrouted(row: &Row, text: &str, declared: Option<&Declared>) -> Option<String> {
    let (route, conditions) =
        route::routed(text, declared).map_or((None, BTreeSet::new()), |(route, conditions)| (Some(route), conditions));
    if (route, &conditions) != (row.route, &row.conditions) {
        let Row { statement, route: said, conditions: by, .. } = row;
        return Some(format!("{statement} is routed by {route:?}: {conditions:?}, not by {said:?}: {by:?}"));
    }
    // Buckets are rows of many accounts and addresses, whatever the rest of the statement is routed by.
    let is_charged = text.contains("portcullis_take(") || text.contains("portcullis_settle(");
    (is_charged != row.is_charged).then(|| format!("{} takes from limits: {is_charged}", row.statement))
}
