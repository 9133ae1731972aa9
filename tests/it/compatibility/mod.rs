//! What clients of the last release notice of this schema: `CHANGELOG.md` names it.
//!
//! `released.graphql` is the schema of the last release. A release puts that of its own in its place.

mod changelog;
mod changes;
mod reference;
mod types;

use crate::generated::committed;
use changes::{Change, changes};

const RELEASED: &str = "tests/it/compatibility/released.graphql";

fn released() -> String {
    committed(RELEASED)
}

#[test]
fn what_clients_notice_of_the_schema_stands_in_the_changelog() {
    let unreleased = changelog::unreleased(&committed("CHANGELOG.md"));
    let found = changes(&released(), &committed("schema.graphql"));
    let missing: Vec<String> =
        found.iter().filter(|change| !unreleased.names(change)).map(ToString::to_string).collect();
    let how = "What breaks clients stands below `### Removed`, or in an item that begins with `**Breaking:**`.";
    assert!(missing.is_empty(), "no item of [Unreleased] names:\n{}\n{how}", missing.join("\n"));
}

/// The schema, and one change that clients notice.
fn changed(from: &str, to: &str) -> Vec<Change> {
    let schema = committed("schema.graphql");
    let other = schema.replacen(from, to, 1);
    assert_ne!(schema, other, "there is no {from}");
    changes(&schema, &other)
}

#[test]
fn a_change_that_no_item_names_is_noticed() {
    let unreleased = changelog::unreleased(
        "## [Unreleased]\n### Removed\n- `User` has lost\n  something.\n- `email` is gone.\n## [1.0.0]\n- `User.email`, `email` of `User`.\n",
    );
    let found = changed("\temail: String!\n\t\"\"\"\n\tSince", "\tmail: String!\n\t\"\"\"\n\tSince");
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["FIELD_REMOVED: User.email was removed."]);
    assert!(!found.iter().any(|change| unreleased.names(change)), "two items name a half each, one is of a release");
    for item in ["- `User.email` is gone.", "- `email` of `User` is gone.", "- The field\n  `email`, of\n  `User`."] {
        let unreleased =
            changelog::unreleased(&format!("# Changelog\n## [Unreleased]\n### Removed\n{item}\n## [1.0.0]\n"));
        assert!(found.iter().all(|change| unreleased.names(change)), "{item}");
    }
}

#[test]
fn a_breaking_change_is_named_as_one_and_another_may_be_named_anywhere() {
    let names = |text: &str, found: &[Change]| {
        let unreleased = changelog::unreleased(&format!("## [Unreleased]\n{text}\n## [1.0.0]\n"));
        assert!(!found.is_empty());
        found.iter().all(|change| unreleased.names(change))
    };
    let breaking = [
        ("FIELD_REMOVED", changed("\tendedCount: Int!", "\tcount: Int!")),
        ("FIELD_CHANGED_KIND", changed("\tendedCount: Int!", "\tendedCount: Int")),
        ("DIRECTIVES_CHANGED", changed("\tendedCount: Int!", "\tendedCount: Int! @auth")),
    ];
    for (kind, found) in &breaking {
        assert_eq!(found.iter().map(|change| change.kind).collect::<Vec<_>>(), [*kind]);
        for mention in [
            "### Added\n- `ChangePasswordSuccess.endedCount`.",
            "### Changed\n- `endedCount` of `ChangePasswordSuccess` is 0 for an account without sessions.",
            "### Changed\n- What is not **Breaking:** `ChangePasswordSuccess.endedCount`.",
            "### Changed\n- **Breaking:** `User.name` is gone. `ChangePasswordSuccess.endedCount` stays.",
            "### Removed\n- `endedSessionIds` of `ChangePasswordSuccess`. In its place is\n  `endedCount`.",
            "### Removed\n\n### Fixed\n- `ChangePasswordSuccess.endedCount`.",
        ] {
            assert!(!names(mention, found), "{kind}: {mention}");
        }
        for told in [
            "### Removed\n\n- `endedCount` of\n  `ChangePasswordSuccess`. `User` stays.",
            "### Changed\n\n- **Breaking:** `ChangePasswordSuccess.endedCount` is another.",
        ] {
            assert!(names(told, found), "{kind}: {told}");
        }
    }
    let required = changed("\tname: String\n}", "\tname: String\n\tmore: String!\n}");
    let optional = changed("\tname: String\n}", "\tname: String\n\tmore: String\n}");
    let mention = "### Added\n- The field `more` of `AddPasskeyInput`.";
    assert!(!names(mention, &required) && names(mention, &optional));
    assert!(names("### Changed\n- **Breaking:** `AddPasskeyInput` has `more`.", &required));
}

/// graphql-js does not look at these.
#[test]
fn who_may_call_a_field_and_defaults_of_input_are_looked_at() {
    let closed = changed("endedCount: Int!", "endedCount: Int! @auth");
    assert_eq!(closed[0].to_string(), "DIRECTIVES_CHANGED: ChangePasswordSuccess.endedCount has other directives.");
    let defaulted = changed("\tname: String\n}", "\tname: String = \"x\"\n}");
    let text = "INPUT_FIELD_DEFAULT_VALUE_CHANGE: AddPasskeyInput.name has another default.";
    assert_eq!(defaulted[0].to_string(), text);
    assert!(changed("endedCount: Int!", "endedCount: Int! @deprecated").is_empty(), "nobody has to change anything");
}
