//! Bringing a database up to this version.

use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connection, Target};
use crate::error::Error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Held while migrating, so that instances that start at once take turns: "portcull" in ASCII.
const LOCK: i64 = 0x706f_7274_6375_6c6c;

/// Applies what is pending and returns its names. Safe to run from several instances at once.
///
/// Needs a multi-threaded tokio runtime.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::Internal`] when a migration fails; each migration is a
/// transaction of its own.
pub async fn run(target: &Target) -> Result<Vec<String>, Error> {
    let mut connection = connect(target).await?;
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(&mut connection)
        .await?;
    // The lock goes with the connection.
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness.run_pending_migrations(MIGRATIONS).map_err(Error::internal)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// The names of the migrations that the database lacks.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached.
pub async fn pending(target: &Target) -> Result<Vec<String>, Error> {
    let connection = connect(target).await?;
    let mut connection: AsyncConnectionWrapper<Connection> = connection.into();
    let pending = tokio::task::block_in_place(|| {
        MigrationHarness::<diesel::pg::Pg>::pending_migrations(&mut connection, MIGRATIONS)
            .map(|pending| pending.iter().map(|migration| migration.name().to_string()).collect())
            .map_err(Error::internal)
    })?;
    Ok(pending)
}

async fn connect(target: &Target) -> Result<Connection, Error> {
    target.connect().await.map_err(|error| Error::Unavailable(error.to_string()))
}
