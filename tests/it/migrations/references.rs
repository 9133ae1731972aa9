//! Foreign keys of tables that are there. Whatever takes one away locks the table that it refers to as well.

use squawk_syntax::SourceFile;

use super::Migration;
use super::statement::{Statement, statements};

/// A foreign key.
pub(super) struct ForeignKey {
    /// Which migration made it.
    migration: String,
    pub(super) table: String,
    pub(super) refers_to: String,
    /// The names of the constraint and of its columns.
    names: Vec<String>,
}

impl ForeignKey {
    pub(super) fn is_older_than(&self, migration: &Migration) -> bool {
        self.migration < migration.name
    }

    /// Whether it goes with this constraint or column.
    pub(super) fn goes_with(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

/// Those that migrations have made.
pub(super) fn foreign_keys(migrations: &[Migration]) -> Vec<ForeignKey> {
    migrations.iter().flat_map(of).collect()
}

fn of(migration: &Migration) -> Vec<ForeignKey> {
    let mut keys = Vec::new();
    for statement in statements(&SourceFile::parse(&migration.up)) {
        let makes = ["CREATE_TABLE", "ALTER_TABLE"].contains(&statement.kind().as_str());
        let Some(table) = statement.table().filter(|_| makes) else { continue };
        // What stands in a column, and what stands by itself.
        for column in statement.parts(|kind| ["COLUMN", "ADD_COLUMN"].contains(&kind)) {
            let name = column.parts(|kind| kind == "COLUMN_NAME").first().and_then(Statement::last_word);
            let constraints = column.parts(|kind| kind == "REFERENCES_CONSTRAINT");
            keys.extend(
                constraints.iter().filter_map(|key| made(migration, &table, key, name.iter().cloned().collect())),
            );
        }
        for key in statement.parts(|kind| kind == "FOREIGN_KEY_CONSTRAINT") {
            let columns = key.parts(|kind| kind == "FOREIGN_KEY_COLUMN_LIST");
            let columns = columns.first().map(Statement::words).unwrap_or_default();
            keys.extend(made(migration, &table, &key, columns));
        }
    }
    keys
}

fn made(migration: &Migration, table: &str, key: &Statement, columns: Vec<String>) -> Option<ForeignKey> {
    let refers_to = key.parts(|kind| kind == "TABLE_NAME_REF").first()?.last_word()?;
    let usual = columns
        .iter()
        .filter(|word| !["(", ",", ")"].contains(&word.as_str()))
        .fold(table.to_owned(), |name, column| name + "_" + column);
    let name = key.word_after(&["CONSTRAINT"]).unwrap_or(usual + "_fkey");
    let names = columns.into_iter().chain([name]).collect();
    Some(ForeignKey { migration: migration.name.clone(), table: table.to_owned(), refers_to, names })
}
