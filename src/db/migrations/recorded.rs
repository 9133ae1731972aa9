//! Which migrations there are, and which of them a database has.

use std::sync::Arc;

use diesel::declare_sql_function;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Oid, Text};

use crate::db::suitability::Suitable;
use crate::db::{Connection, Run};
use crate::error::{Error, OrInternal};

/// Where migrations come from.
pub type Source = Arc<dyn MigrationSource<Pg> + Send + Sync>;

/// Which of the pending migrations are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those that instances of the release before survive. A database in which nothing was applied has none, and gets all.
    Expanding,
    /// All: no instance of the release before serves any more.
    All,
}

#[declare_sql_function]
extern "SQL" {
    /// The table of that name, if there is one.
    #[sql_name = "to_regclass"]
    fn to_regclass(name: Text) -> Nullable<Oid>;

    /// Whether this role may do that with a table, if there is one.
    #[sql_name = "has_table_privilege"]
    fn has_table_privilege(table: Nullable<Oid>, privilege: Text) -> Nullable<Bool>;

    /// A name as SQL writes it.
    fn quote_ident(name: Text) -> Text;
}

diesel::table! {
    /// The table in which diesel records the applied migrations.
    __diesel_schema_migrations (version) {
        /// The migration's.
        version -> Text,
    }
}

/// A migration of ours.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) version: String,
    /// Whether it can't be in a transaction with others.
    pub(super) alone: bool,
    /// It takes away what instances of the release before still need.
    pub(super) contracts: bool,
}

/// How the name of a migration ends that contracts.
const CONTRACTS: &str = "_contract";

pub(super) fn names(these: &[Known]) -> Vec<String> {
    these.iter().map(|migration| migration.name.clone()).collect()
}

/// All migrations of ours, in their order.
pub(super) fn known(source: &dyn MigrationSource<Pg>) -> Result<Vec<Known>, Error> {
    let all = source.migrations().or_internal()?;
    let known = all.iter().map(|migration| Known {
        name: migration.name().to_string(),
        version: migration.name().version().to_string(),
        alone: !migration.metadata().run_in_transaction(),
        contracts: migration.name().to_string().ends_with(CONTRACTS),
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(known)
}

/// What is to be applied, and what is left.
pub(super) fn lacking(known: Vec<Known>, applied: &[String], extent: Extent) -> (Vec<Known>, Vec<Known>) {
    let lacks = |migration: &Known| !applied.contains(&migration.version);
    // Nobody serves from a database that was never migrated.
    let all = extent == Extent::All || applied.is_empty();
    known.into_iter().filter(lacks).partition(|migration| all || !migration.contracts)
}

/// The versions that were applied in this schema. Another schema of the search path may be another application's.
///
/// diesel is not used here, because it would create its table first, and the role may lack the right.
pub(super) async fn applied(
    connection: &mut Connection,
    suitable: &Suitable,
    known: &[Known],
) -> Result<Vec<String>, Error> {
    let table = quote_ident(suitable.schema()).concat(".__diesel_schema_migrations");
    match diesel::select(has_table_privilege(to_regclass(table), "SELECT")).one_row(connection).await? {
        None => return Ok(Vec::new()),
        Some(true) => {}
        Some(false) => {
            return Err(Error::internal(format!(
                "permission denied for the table __diesel_schema_migrations: it may be another application's. Nothing was changed. {}",
                suitable.how_to_part(connection).await?
            )));
        }
    }
    let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    let applied: Vec<String> = versions.order(__diesel_schema_migrations::version).all_rows(connection).await?;
    let is_ours = |version: &String| known.iter().any(|migration| migration.version == *version);
    if let [foreign, ..] = applied.as_slice()
        && !applied.iter().any(is_ours)
    {
        return Err(Error::internal(format!(
            "the table __diesel_schema_migrations is another application's: it has {foreign} and none of ours. Nothing was changed. {}",
            suitable.how_to_part(connection).await?
        )));
    }
    let last = known.last().map(|migration| migration.version.as_str()).unwrap_or_default();
    if let Some(newer) = applied.iter().find(|version| version.as_str() > last) {
        tracing::warn!(
            migration = newer,
            "the database was migrated by a newer version of Portcullis: this one, {}, does not know what that changed. Upgrade it",
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(applied)
}
