//! Through a pooler in transaction mode, such as PgBouncer: each use of a connection is one transaction.
//!
//! The pooler lends a server connection for a transaction, and the next one may get another. So nothing that outlives a
//! transaction can be relied on or may be left behind: no settings and no locks of the session, no prepared statements.

use std::time::Duration;

use diesel::connection::CacheSize;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Socket};

use super::Connection;
use crate::error::Error;

/// Names of prepared statements count up from `s0` in each process, and somebody may have left some behind.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; DEALLOCATE ALL; SET LOCAL TIME ZONE 'UTC'";

/// diesel-async's connection. To set up the session it prepares two statements, `SET`s: here they share a transaction, and
/// are undone by its end.
pub(super) async fn set_up<S>(
    client: Client,
    connection: tokio_postgres::Connection<Socket, S>,
) -> ConnectionResult<AsyncPgConnection>
where
    S: TlsStream + Unpin + Send + 'static,
{
    // The first poll puts it in the queue, before what diesel-async sends. If it fails, so does what follows it.
    _ = client.batch_execute(BEGIN).now_or_never();
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
    connection.batch_execute("ROLLBACK").await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(connection)
}

/// What begins a transaction whose statements may take so long, and whose pauses.
pub(super) fn begin(limit: Option<Duration>) -> String {
    let limits = limit.map(|limit| {
        let limit = limit.as_millis();
        format!("; SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}")
    });
    format!("{BEGIN}{}", limits.unwrap_or_default())
}

/// Does `work` in a transaction that `begin` begins; one that the work makes within is a savepoint.
///
/// A work that goes on after a failed statement ends well, and nothing of it is kept: PostgreSQL takes its `COMMIT` for a
/// `ROLLBACK`, and that is no error.
pub(super) async fn in_transaction<T, F>(connection: &mut Connection, begin: &str, work: F) -> Result<T, Error>
where
    F: AsyncFnOnce(&mut Connection) -> Result<T, Error>,
{
    AnsiTransactionManager::begin_transaction_sql(connection, begin).await?;
    let outcome = work(connection).await;
    match outcome {
        Ok(_) => AnsiTransactionManager::commit_transaction(connection).await?,
        // If it fails, the connection is closed, which has the same effect.
        Err(_) => _ = AnsiTransactionManager::rollback_transaction(connection).await,
    }
    outcome
}
