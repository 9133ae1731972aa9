//! graphql-js finds the same changes.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use super::changes::{Change, MORE, changes};
use super::released;
use super::types::Schema;
use crate::generated::committed;
use crate::support::npm::Npm;

/// A schema that has all that changes.
const SMALL: &str = include_str!("small.graphql");

/// What takes the place of what, in each line by itself.
const REPLACED: [(&str, &str); 33] = [
    ("!", ""),
    ("! =", " ="),
    ("[", ""),
    ("]", ""),
    ("[[Group]!]", "[[Group]!]!"),
    ("[[Group]!]", "[[Group!]!]"),
    ("[[Group]!]", "[[Group]]"),
    ("[[Group]!]", "[Group]"),
    ("[User!]!", "[User]"),
    ("[String!]", "[String]"),
    ("[String!]", "[String!]!"),
    ("[String!]", "String"),
    (": Int", ": Float"),
    (": Int", ": [Int]"),
    (": String", ": String!"),
    (": Date", ": Date!"),
    (" = 20", ""),
    (" = 20", " = 25"),
    (" = EN", " = DE"),
    (" = EN", ""),
    (" = \"2026\"", " = \"2027\""),
    (" = [\"a\", \"b\"]", " = [\"b\", \"a\"]"),
    ("first:", "more: Int, first:"),
    ("first:", "more: Int!, first:"),
    ("first:", "more: Int! = 1, first:"),
    ("text: String!", "text: String! other: Int"),
    ("text: String!", "text: String! other: Int!"),
    ("name: String!", "name: String! other: Int!"),
    (" | OBJECT", ""),
    (" & Named", ""),
    (" implements Node", ""),
    ("type Spare", "interface Spare"),
    ("scalar Unused", "enum Unused { ONE }"),
];

/// The schema with one line changed or left out, in each way that leaves it readable.
fn variants() -> Vec<String> {
    let lines: Vec<&str> = SMALL.lines().collect();
    let with = |place: usize, line: &str| [&lines[..place], &[line], &lines[place + 1..]].concat().join("\n");
    let mut variants = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        variants.push(with(place, ""));
        let changed = REPLACED.iter().filter(|(from, _)| line.contains(from));
        variants.extend(changed.clone().map(|(from, to)| with(place, &line.replacen(from, to, 1))));
        // The last place in the line.
        let changed =
            changed.filter_map(|(from, to)| line.rsplit_once(from).map(|(start, end)| [start, *to, end].concat()));
        variants.extend(changed.map(|line| with(place, &line)));
    }
    let is_sound = |variant: &String| variant.contains("\tEN\n") || !variant.contains("= EN");
    variants.retain(|variant| Schema::read(variant).is_some() && is_sound(variant));
    variants
}

#[test]
fn graphql_js_finds_the_same_changes() {
    let files = &["package.json", "package-lock.json", "changes.js"];
    let npm = Npm { folder: "graphql-js", files, package: "graphql" };
    let Some(folder) = npm.folder_or_explain() else { return };
    let mut schemas = vec![SMALL.to_owned(), released(), committed("schema.graphql")];
    let mut pairs = vec![[1, 2], [2, 1]];
    schemas.extend(variants());
    pairs.extend((3..schemas.len()).flat_map(|place| [[0, place], [place, 0], [place - 1, place]]));
    let mut node = Command::new("node");
    node.arg(folder.join("changes.js")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = node.spawn().expect("node runs");
    let input = json!({ "schemas": schemas, "pairs": pairs }).to_string();
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("node reads");
    let output = child.wait_with_output().expect("an answer of node");
    let theirs: Vec<Option<Vec<String>>> = serde_json::from_slice(&output.stdout).expect("JSON of node");
    let (mut compared, mut kinds) = (0, std::collections::BTreeSet::new());
    for ([old, new], theirs) in pairs.iter().zip(theirs) {
        // graphql-js does not build every schema that can be read.
        let Some(mut theirs) = theirs else { continue };
        let found = changes(&schemas[*old], &schemas[*new]);
        kinds.extend(found.iter().map(|change| change.kind));
        let told = found.iter().filter(|change| !MORE.contains(&change.kind));
        let weight = |change: &Change| if change.is_breaking() { "breaking" } else { "dangerous" };
        let mut ours: Vec<String> = told.map(|change| format!("{} {change}", weight(change))).collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs, "{}\n\n{}", schemas[*old], schemas[*new]);
        compared += 1;
    }
    println!("{compared} pairs of {}, kinds of changes: {kinds:?}", pairs.len());
    assert!(compared > pairs.len() / 2 && kinds.len() > 18, "{compared} of {}: {kinds:?}", pairs.len());
}
