//! The tables of `docs/scaling/statements.md`.

use std::collections::BTreeSet;
use std::fs;

use super::route::Route;

/// A statement, and by what it is routed.
pub(crate) struct Row {
    pub(crate) statement: String,
    pub(crate) operations: BTreeSet<String>,
    /// Sent by whichever operation comes when it is due.
    pub(crate) is_any: bool,
    /// Whether it takes from the limits, or gives back.
    pub(crate) is_charged: bool,
    /// By what it is routed, if by anything.
    pub(crate) route: Option<Route>,
    /// The conditions that route it.
    pub(crate) conditions: BTreeSet<String>,
}

/// Each row of the page.
pub(crate) fn rows() -> Vec<Row> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scaling/statements.md");
    let page = fs::read_to_string(file).expect("the page");
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Row> = lines.map(row).collect();
    let names: BTreeSet<&String> = rows.iter().map(|row| &row.statement).collect();
    assert_eq!(names.len(), rows.len(), "a statement has two rows");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [statement, operations, route, limits, conditions] = cells[..] else { panic!("not five cells: {line}") };
    let route = match route {
        "account" => Some(Route::Account),
        "session" => Some(Route::Session),
        "flow" => Some(Route::Flow),
        "name" => Some(Route::Name),
        "none" => None,
        _ => panic!("{route} is no route: {line}"),
    };
    let is_charged = match limits {
        "yes" => true,
        "no" => false,
        _ => panic!("{limits} is neither yes nor no: {line}"),
    };
    Row {
        statement: quoted(statement).concat(),
        operations: operations.split(", ").map(str::to_owned).collect(),
        is_any: operations == "any",
        is_charged,
        route,
        conditions: quoted(conditions).into_iter().collect(),
    }
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
