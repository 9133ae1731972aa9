//! Connections through a pooler in transaction mode, such as PgBouncer: each use of a connection is one transaction.
//!
//! The pooler lends a server connection for one transaction, and the next transaction may get another. So nothing can
//! be relied on or left behind that outlives a transaction: no settings and locks of the session, and no prepared
//! statements.

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

/// Names of prepared statements count up from `s0` in each process, and other users of the server connection may have
/// left some behind.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; DEALLOCATE ALL; SET LOCAL TIME ZONE 'UTC'";

/// The connection of diesel-async. To set up the session it prepares two `SET` statements. Here they share a
/// transaction, whose end undoes them.
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

/// The statements that begin a transaction. Its statements, and the pauses between them, may take at most `limit`.
pub(super) fn begin(limit: Option<Duration>) -> String {
    let limits = limit.map(|limit| {
        let limit = limit.as_millis();
        format!("; SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}")
    });
    format!("{BEGIN}{}", limits.unwrap_or_default())
}

/// Does `work` in a transaction that `begin` begins. A transaction within the work is a savepoint.
///
/// If the work goes on after a failed statement, it succeeds and nothing of it is kept, because PostgreSQL then
/// treats `COMMIT` as `ROLLBACK` without an error.
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
