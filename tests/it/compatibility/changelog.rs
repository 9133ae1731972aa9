//! What `CHANGELOG.md` says of the next release.

use std::collections::BTreeSet;

use super::changes::Change;

/// The items of `[Unreleased]`.
pub(super) struct Unreleased(Vec<Item>);

struct Item {
    /// The words that it has as code.
    words: BTreeSet<String>,
    /// Those of its first sentence, if it tells what breaks clients.
    breaking: Option<BTreeSet<String>>,
}

/// How an item begins that tells what breaks clients. Those below `### Removed` need not say so.
const BREAKING: &str = "- **Breaking:** ";

/// Reads it. An item goes on in lines that are indented.
pub(super) fn unreleased(changelog: &str) -> Unreleased {
    let mut lines = changelog.lines().skip_while(|line| *line != "## [Unreleased]");
    assert!(lines.next().is_some(), "there is no [Unreleased]");
    let (mut section, mut items) = ("", Vec::<(&str, String)>::new());
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        match items.last_mut() {
            Some((_, item)) if line.starts_with("  ") => item.extend([" ", line]),
            _ if line.starts_with("### ") => section = line,
            _ => items.push((section, line.to_owned())),
        }
    }
    let read = |(section, item): &(&str, String)| {
        let breaks = *section == "### Removed" || item.starts_with(BREAKING);
        Item { words: words(item, false), breaking: breaks.then(|| words(item, true)) }
    };
    Unreleased(items.iter().map(read).collect())
}

/// What stands between backticks, in words. What comes after the first sentence may be about something else.
fn words(item: &str, of_first_sentence: bool) -> BTreeSet<String> {
    let is_last = |text: &str| of_first_sentence && text.contains(". ");
    let parts: Vec<_> = item.split('`').collect();
    let pairs = parts.chunks(2).take_while(|pair| !is_last(pair[0]));
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let code = pairs.filter_map(|pair| pair.get(1));
    code.flat_map(|code| code.split(move |char| !is_name(char))).map(str::to_owned).collect()
}

impl Unreleased {
    /// Whether an item has all names of the change, and says that it breaks clients if it does.
    pub(super) fn names(&self, change: &Change) -> bool {
        self.0.iter().any(|item| {
            let words = if change.is_breaking() { item.breaking.as_ref() } else { Some(&item.words) };
            words.is_some_and(|words| change.names.iter().all(|name| words.contains(name)))
        })
    }
}
