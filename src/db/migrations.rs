//! Bringing a database up to this version.

use diesel::declare_sql_function;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AnsiTransactionManager, AsyncMigrationHarness, RunQueryDsl, TransactionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connection, Target, pooled};
use crate::error::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

#[declare_sql_function]
extern "SQL" {
    /// Takes the lock if nobody has it, for the session.
    fn pg_try_advisory_lock(key: BigInt) -> Bool;

    /// The same lock for the transaction.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;

    /// The table of that name, if the search path has one.
    #[sql_name = "to_regclass"]
    fn to_regclass(name: Text) -> Nullable<Oid>;
}

diesel::table! {
    /// Where diesel remembers what was applied.
    __diesel_schema_migrations (version) {
        /// The migration's.
        version -> Text,
    }
}

/// Held while migrating, so that instances that start at once take turns: "portcull" in ASCII.
const LOCK: i64 = 0x706f_7274_6375_6c6c;

/// Applies what is pending and returns its names. Safe to run from several instances at once.
///
/// Needs a multi-threaded tokio runtime.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::Internal`] when a migration fails. Each migration is a
/// transaction of its own; through a pooler they are one together, and one that can't be in a transaction is refused.
pub async fn run(target: &Target) -> Result<Vec<String>, Error> {
    let mut connection = connect(target).await?;
    lock(&mut connection, target.is_pooled()).await?;
    // The lock goes with the connection, or with the transaction.
    let mut harness = AsyncMigrationHarness::new(connection);
    let names = apply(&mut harness, target.is_pooled())?;
    if target.is_pooled() {
        AnsiTransactionManager::commit_transaction(&mut harness.into_inner()).await?;
    }
    Ok(names)
}

fn apply(harness: &mut AsyncMigrationHarness<Connection>, pooled: bool) -> Result<Vec<String>, Error> {
    let pending = harness.pending_migrations(MIGRATIONS).map_err(Error::internal)?;
    if pooled && let Some(alone) = pending.iter().find(|migration| !migration.metadata().run_in_transaction()) {
        let why = "can't be applied through a pooler: set PORTCULLIS_DATABASE_DIRECT_URL";
        return Err(Error::Internal(format!("migration {} {why}", alone.name())));
    }
    let names = pending.iter().map(|migration| migration.name().to_string()).collect();
    harness.run_migrations(&pending).map_err(Error::internal)?;
    Ok(names)
}

async fn lock(connection: &mut Connection, pooled: bool) -> Result<(), Error> {
    let (at_once, wait): (bool, _) = if pooled {
        (diesel::select(pg_try_advisory_xact_lock(LOCK)).get_result(connection).await?, "pg_advisory_xact_lock")
    } else {
        (diesel::select(pg_try_advisory_lock(LOCK)).get_result(connection).await?, "pg_advisory_lock")
    };
    if !at_once {
        tracing::info!("waiting for another instance that migrates the database");
        diesel::sql_query(format!("SELECT {wait}($1)")).bind::<BigInt, _>(LOCK).execute(connection).await?;
    }
    Ok(())
}

/// The names of the migrations that the database lacks.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached.
pub async fn pending(target: &Target) -> Result<Vec<String>, Error> {
    let mut connection = connect(target).await?;
    // Not by diesel, which would make its table first: whoever asks may lack the right.
    let exists = diesel::select(to_regclass("__diesel_schema_migrations").is_not_null());
    let applied: Vec<String> = if exists.get_result(&mut connection).await? {
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(&mut connection).await?
    } else {
        Vec::new()
    };
    let all: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(Error::internal)?;
    let names = all.iter().map(|migration| migration.name());
    let lacking = names.filter(|name| !applied.contains(&name.version().to_string()));
    Ok(lacking.map(ToString::to_string).collect())
}

/// Through a pooler, in a transaction that is open.
async fn connect(target: &Target) -> Result<Connection, Error> {
    let mut connection = target.connect().await.map_err(|error| Error::Unavailable(error.to_string()))?;
    if target.is_pooled() {
        AnsiTransactionManager::begin_transaction_sql(&mut connection, &pooled::begin(None)).await?;
    }
    Ok(connection)
}
