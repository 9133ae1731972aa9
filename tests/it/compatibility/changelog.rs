//! What `CHANGELOG.md` says of the next release.

use std::collections::BTreeSet;

use super::changes::Change;

/// The items of `[Unreleased]`, each by the words that it has as code.
pub(super) struct Unreleased(Vec<BTreeSet<String>>);

/// Reads it. An item goes on in lines that are indented.
pub(super) fn unreleased(changelog: &str) -> Unreleased {
    let mut lines = changelog.lines().skip_while(|line| *line != "## [Unreleased]");
    assert!(lines.next().is_some(), "there is no [Unreleased]");
    let mut items: Vec<String> = Vec::new();
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        match items.last_mut() {
            Some(item) if line.starts_with("  ") => item.extend([" ", line]),
            _ => items.push(line.to_owned()),
        }
    }
    Unreleased(items.iter().map(|item| words(item)).collect())
}

/// What stands between backticks, in words.
fn words(item: &str) -> BTreeSet<String> {
    let code = item.split('`').skip(1).step_by(2);
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    code.flat_map(|code| code.split(move |char| !is_name(char))).map(str::to_owned).collect()
}

impl Unreleased {
    /// Whether an item has all names of the change.
    pub(super) fn names(&self, change: &Change) -> bool {
        self.0.iter().any(|item| change.names.iter().all(|name| item.contains(name)))
    }
}
