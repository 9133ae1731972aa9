//! The tables of `docs/scaling/statements.md`.

use std::collections::BTreeSet;
use std::fs;

/// A statement, and by what it is routed.
pub(crate) struct Row {
    pub(crate) statement: String,
    pub(crate) operations: BTreeSet<String>,
    /// Sent by whichever operation comes when it is due.
    pub(crate) is_any: bool,
    /// Whether it takes from the limits, or gives back.
    pub(crate) is_charged: bool,
    /// What its text says of its route.
    pub(crate) conditions: Vec<String>,
}

/// By what a statement may be routed. The last is for those that are not.
const ROUTES: [&str; 5] = ["account", "session", "flow", "name", "none"];

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
    assert!(ROUTES.contains(&route), "{route} is no route: {line}");
    let conditions = quoted(conditions);
    assert!(route == "none" || !conditions.is_empty(), "nothing tells the route: {line}");
    Row {
        statement: quoted(statement).concat(),
        operations: operations.split(", ").map(str::to_owned).collect(),
        is_any: operations == "any",
        is_charged: limits == "yes",
        conditions,
    }
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
