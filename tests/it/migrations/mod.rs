//! Migrations that instances of the release before survive, and that keep nobody waiting: the rules of `migrations/README.md`.

mod bad;
mod known;
mod locked;
mod own;
mod references;
mod statement;

use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;

use crate::generated::{committed, files};
use known::KNOWN;
use references::{ForeignKey, foreign_keys};

/// A folder of `migrations/`.
pub(super) struct Migration {
    name: String,
    up: String,
    /// The way back, which tests use.
    down: Option<String>,
    /// Whether diesel puts it into a transaction.
    in_transaction: bool,
}

impl Migration {
    /// It takes away what instances of the release before still need.
    fn contracts(&self) -> bool {
        self.name.ends_with("_contract")
    }
}

/// Squawk's rules that hold for each migration.
const SQUAWK: [Rule; 18] = [
    Rule::AddingFieldWithDefault,
    Rule::AddingForeignKeyConstraint,
    Rule::AddingNotNullableField,
    Rule::AddingRequiredField,
    Rule::AddingSerialPrimaryKeyField,
    Rule::BanCharField,
    Rule::BanConcurrentIndexCreationInTransaction,
    Rule::BanDropDatabase,
    Rule::BanTruncateCascade,
    Rule::ChangingColumnType,
    Rule::ConstraintMissingNotValid,
    Rule::DisallowedUniqueConstraint,
    Rule::IdentifierTooLong,
    Rule::PreferTimestampTz,
    Rule::RequireConcurrentIndexCreation,
    Rule::RequireConcurrentIndexDeletion,
    Rule::RequireConcurrentReindex,
    Rule::TransactionNesting,
];

/// Squawk's rules that hold for what only expands. They are about what the release before may need.
const EXPANDING: [Rule; 18] = [
    Rule::BanDisableTrigger,
    Rule::BanDropColumn,
    Rule::BanDropConstraint,
    Rule::BanDropDefault,
    Rule::BanDropFunction,
    Rule::BanDropIndex,
    Rule::BanDropNotNull,
    Rule::BanDropSchema,
    Rule::BanDropSequence,
    Rule::BanDropTable,
    Rule::BanDropTrigger,
    Rule::BanDropType,
    Rule::BanDropView,
    Rule::BanSetDefault,
    Rule::BanSetSchema,
    Rule::RenamingColumn,
    Rule::RenamingObject,
    Rule::RenamingTable,
];

/// The names of the rules that a migration breaks, each with the first words of where it does.
fn broken(migration: &Migration, keys: &[ForeignKey]) -> Vec<(String, String)> {
    let parsed = SourceFile::parse(&migration.up);
    let mut broken: Vec<_> =
        parsed.errors().iter().map(|error| ("parses".to_owned(), error.message().to_owned())).collect();
    let expanding = EXPANDING.iter().filter(|_| !migration.contracts());
    let mut linter = Linter::from(SQUAWK.iter().chain(expanding).copied());
    linter.settings.assume_in_transaction = migration.in_transaction;
    linter.settings.pg_version = "14".parse().expect("a version");
    for violation in linter.lint(&parsed, &migration.up) {
        let (from, to) = (usize::from(violation.text_range.start()), usize::from(violation.text_range.end()));
        let place = &migration.up[from..to];
        // A trigger is made to fire always where it is made.
        let made_so = violation.code == Rule::BanDisableTrigger && place.starts_with("ENABLE ALWAYS TRIGGER ");
        let replaced = violation.code == Rule::BanDropConstraint && is_replaced(migration, place);
        if !made_so && !replaced {
            broken.push((violation.code.to_string(), start(place)));
        }
    }
    broken.extend(
        own::broken(migration, &parsed, keys).into_iter().map(|(rule, place)| (rule.to_owned(), start(&place))),
    );
    broken
}

/// Whether another constraint of that name takes the place of the one that is dropped.
fn is_replaced(migration: &Migration, drop: &str) -> bool {
    migration.up.contains(&format!("{} ", drop.replacen("DROP", "ADD", 1)))
}

/// The first words.
fn start(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().take(8).collect();
    words.join(" ")
}

/// Those of the project, in their order.
fn ours() -> Vec<Migration> {
    let paths = files("migrations");
    let ups = paths.iter().filter_map(|path| path.strip_suffix("/up.sql"));
    let read = |path: String| paths.contains(&path).then(|| committed(&path));
    ups.map(|folder| Migration {
        name: folder.trim_start_matches("migrations/").to_owned(),
        up: committed(&format!("{folder}/up.sql")),
        down: read(format!("{folder}/down.sql")),
        in_transaction: !read(format!("{folder}/metadata.toml"))
            .is_some_and(|text| text.contains("run_in_transaction = false")),
    })
    .collect()
}

#[test]
fn migrations_break_no_rule_but_where_it_is_known_why() {
    let mut unknown = Vec::new();
    let mut unused: Vec<_> = KNOWN.to_vec();
    let migrations = ours();
    let keys = foreign_keys(&migrations);
    for migration in &migrations {
        for (rule, place) in broken(migration, &keys) {
            let is_it = |known: &known::Known| known.migration == migration.name && known.rule == rule;
            match KNOWN.iter().any(is_it) {
                true => unused.retain(|known| !is_it(known)),
                false => unknown.push(format!("{}: {rule}: {place}", migration.name)),
            }
        }
    }
    assert!(unknown.is_empty(), "migrations/README.md says what to do:\n{}", unknown.join("\n"));
    assert!(unused.is_empty(), "known, and not so: {unused:?}");
}

#[test]
fn each_rule_is_broken_by_a_bad_migration_and_by_no_good_one() {
    let keys = foreign_keys(&ours());
    let mut seen = Vec::new();
    for (rule, name, up) in bad::bad() {
        let broken = broken(&bad::migration(name, up), &keys);
        assert!(broken.iter().any(|(broken, _)| broken == rule), "{rule} does not see: {up}\n{broken:?}");
        seen.push(rule.to_owned());
    }
    for (name, up) in bad::good() {
        let broken = broken(&bad::migration(name, up), &keys);
        assert!(broken.is_empty(), "{up}\n{broken:?}");
    }
    let rules = SQUAWK
        .iter()
        .chain(&EXPANDING)
        .map(Rule::to_string)
        .chain(own::RULES.map(str::to_owned))
        .chain(["parses".to_owned()]);
    let unseen: Vec<_> = rules.filter(|rule| !seen.contains(rule)).collect();
    assert!(unseen.is_empty(), "no bad migration breaks {unseen:?}");
}
