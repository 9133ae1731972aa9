//! The rules that are ours, because they are about releases, or about how this server applies migrations.

use squawk_syntax::{Parse, SourceFile};

use super::Migration;
use super::locked::tables;
use super::references::ForeignKey;
use super::statement::{Statement, statements};

/// Their names.
pub(super) const RULES: [&str; 10] = [
    "changes-no-whole-table",
    "rewrites-no-table",
    "locks-no-table",
    "validates-after-a-commit",
    "concurrently-is-alone",
    "concurrently-can-be-repeated",
    "hides-nothing-in-a-block",
    "has-a-way-back",
    "locks-one-table",
    "long-work-comes-first",
];

/// Parts of `ALTER TABLE` that write each row anew.
const REWRITE: [&str; 5] = ["SET_TABLESPACE", "SET_LOGGED", "SET_UNLOGGED", "SET_ACCESS_METHOD", "SET_WITHOUT_OIDS"];

/// Statements that take long with many rows.
const WORK: [&str; 8] =
    ["UPDATE", "DELETE", "MERGE", "INSERT", "SELECT", "SELECT_INTO", "CREATE_TABLE_AS", "CREATE_MATERIALIZED_VIEW"];

/// The rules that are broken, each with the statement that breaks it.
pub(super) fn broken(
    migration: &Migration,
    parsed: &Parse<SourceFile>,
    keys: &[ForeignKey],
) -> Vec<(&'static str, String)> {
    let keys: Vec<_> = keys.iter().filter(|key| key.is_older_than(migration)).collect();
    let statements = statements(parsed);
    let made: Vec<_> = statements.iter().filter(|statement| statement.kind() == "CREATE_TABLE").collect();
    let made: Vec<String> = made.iter().filter_map(|create| table(create, &["TABLE"])).collect();
    let mut broken = Vec::new();
    for statement in &statements {
        let rules = [
            (RULES[0], changes_a_whole_table(statement, &made)),
            (RULES[1], rewrites(statement)),
            (RULES[2], statement.kind() == "LOCK"),
            (RULES[3], !migration.contracts() && migration.in_transaction && statement.says("VALIDATE")),
            (RULES[5], is_concurrent(statement) && !can_be_repeated(migration, statement)),
            (RULES[6], statement.kind() == "DO"),
        ];
        broken.extend(rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| (rule, statement.text())));
    }
    // What is not in a transaction is applied by itself, so that it fails as a whole.
    let needs_none = |statement: &Statement| is_concurrent(statement) || statement.says("VALIDATE");
    let is_alone = statements.len() == 1 && statements.iter().all(needs_none);
    let is_misplaced = match migration.in_transaction {
        true => statements.iter().any(is_concurrent),
        false => !is_alone,
    };
    if is_misplaced {
        broken.push((RULES[4], migration.name.clone()));
    }
    let locks = |statement: &Statement| tables(statement, &keys).into_iter().filter(|name| !made.contains(name));
    let first = statements.iter().position(|statement| locks(statement).next().is_some());
    let under_lock = first.map(|first| &statements[first..]).unwrap_or_default();
    let is_late = |statement: &&Statement| works(statement, &made);
    broken.extend(under_lock.iter().filter(is_late).map(|statement| (RULES[9], statement.text())));
    let mut locked: Vec<_> = statements.iter().flat_map(locks).collect();
    locked.sort();
    locked.dedup();
    if locked.len() > 1 {
        broken.push((RULES[8], locked.join(" ")));
    }
    if migration.down.as_deref().is_none_or(|down| down.trim().is_empty()) {
        broken.push((RULES[7], migration.name.clone()));
    }
    broken
}

/// The table that stands after these words.
fn table(statement: &Statement, words: &[&str]) -> Option<String> {
    let also = |more: &[&str]| statement.word_after(&[words, more].concat());
    also(&["IF", "NOT", "EXISTS"]).or_else(|| also(&["ONLY"])).or_else(|| also(&[]))
}

/// Whether it writes each row of a table that was there before.
fn changes_a_whole_table(statement: &Statement, made: &[String]) -> bool {
    let existing = |part: &Statement, words: &[&str]| table(part, words).is_none_or(|name| !made.contains(&name));
    let updates = statement.parts(|kind| kind == "UPDATE");
    let deletes = statement.parts(|kind| kind == "DELETE");
    let is_whole = |part: &Statement| !part.has_its_own("WHERE_CLAUSE");
    updates.iter().any(|part| is_whole(part) && existing(part, &["UPDATE"]))
        || deletes.iter().any(|part| is_whole(part) && existing(part, &["DELETE", "FROM"]))
        || statement.kind() == "TRUNCATE"
}

/// Whether it looks at rows, however many, of a table that was there before.
fn works(statement: &Statement, made: &[String]) -> bool {
    let existing = |name: &String| !made.contains(name);
    let kind = statement.kind();
    if kind == "ALTER_TABLE" {
        return statement.has_its_own("VALIDATE_CONSTRAINT") && statement.table().as_ref().is_some_and(existing);
    }
    // Rows that are written out are few.
    let is_few = kind == "INSERT" && statement.parts(|kind| kind == "SELECT").is_empty();
    WORK.contains(&kind.as_str()) && !is_few && statement.tables_of_rows().iter().any(existing)
}

fn rewrites(statement: &Statement) -> bool {
    let by_kind = ["CLUSTER", "VACUUM", "REPACK", "REFRESH"].contains(&statement.kind().as_str());
    by_kind || statement.kind() == "ALTER_TABLE" && !statement.parts(|kind| REWRITE.contains(&kind)).is_empty()
}

fn is_concurrent(statement: &Statement) -> bool {
    statement.says("CONCURRENTLY")
}

/// It may have been applied without being recorded. What is left of an index that was not built to its end is found by the name
/// of the migration (`src/db/migrations/left_over.rs`).
fn can_be_repeated(migration: &Migration, statement: &Statement) -> bool {
    let makes = statement.word_after(&["INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS"]);
    let drops = statement.word_after(&["INDEX", "CONCURRENTLY", "IF", "EXISTS"]);
    let named = |index: String| migration.name.split_once('_').is_some_and(|(_, name)| name == index);
    makes.is_some_and(named) || drops.is_some()
}
