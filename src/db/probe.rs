//! Whether a database URL leads to PostgreSQL itself, or through a pooler in transaction mode.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

use super::Target;
use crate::error::Error;

/// How often it is tried. Other users of the pooler can hide it from one round, but hardly from several.
const ROUNDS: usize = 6;

impl Target {
    /// This target, marked as [pooled](Self::pooled) if it is found to be. A first connection makes a setting in its
    /// session. Server connections are shared if a second connection, which made none, sees it, or if the first does
    /// not see its own while the second holds a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database can't be reached, or does not answer within `limit`;
    /// [`Error::Internal`] when waiting for it does not help.
    pub async fn probed(self, limit: Duration) -> Result<Self, Error> {
        if self.is_pooled() {
            return Ok(self);
        }
        let mut drivers = JoinSet::new();
        let (first, second) = (self.opened(&mut drivers).await?, self.opened(&mut drivers).await?);
        let shared = timeout(limit, share_a_session(&first, &second)).await.map_err(|_| late(limit))??;
        Ok(if shared { self.pooled() } else { self })
    }
}

impl Target {
    /// Where this target leads: the cluster, the database and the schema. Two targets of the same place give the same
    /// text.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database can't be reached, or does not answer within `limit`;
    /// [`Error::Internal`] when waiting for it does not help.
    pub async fn place(&self, limit: Duration) -> Result<Option<String>, Error> {
        let mut drivers = JoinSet::new();
        let client = self.opened(&mut drivers).await?;
        let asked = async {
            let database = "SELECT oid || ' ' || coalesce(current_schema, '') FROM pg_catalog.pg_database \
                WHERE datname = current_database()";
            let cluster = "SELECT system_identifier FROM pg_control_system()";
            // Some servers do not permit the second query.
            let (database, cluster) = (ask(&client, database).await?, ask(&client, cluster).await.unwrap_or_default());
            Ok(database.map(|database| format!("{database} {}", cluster.unwrap_or_default())))
        };
        timeout(limit, asked).await.map_err(|_| late(limit))?
    }

    /// Asks the server to end the statement that runs in one of its processes, as [`cancel`](Self::cancel) does. PgBouncer 1.18 may
    /// end itself when it gets a request to cancel (<https://github.com/pgbouncer/pgbouncer/issues/801>).
    pub(super) async fn cancel_through_pooler(&self, process: i32) {
        let mut drivers = JoinSet::new();
        let Ok((client, connection)) = self.open().await else { return };
        drivers.spawn(connection);
        // The pooler may have given the process to somebody else by now, who does not hold the lock of migrations.
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory'";
        _ = ask(&client, &format!("{cancel} AND pid = {process}")).await;
    }

    /// A connection that lives as long as `drivers`, which runs it. When that is dropped, the connection is closed,
    /// and with it what was left open.
    async fn opened(&self, drivers: &mut JoinSet<Result<(), tokio_postgres::Error>>) -> Result<Client, Error> {
        let (client, connection) = self.open_patiently().await?;
        drivers.spawn(connection);
        Ok(client)
    }
}

#[track_caller]
fn late(limit: Duration) -> Error {
    Error::unavailable(format!("the database did not answer within {limit:?}"))
}

async fn share_a_session(first: &Client, second: &Client) -> Result<bool, Error> {
    for _ in 0..ROUNDS {
        let mark = Uuid::new_v4().to_string();
        ask(first, &format!("SELECT set_config('portcullis.probe', '{mark}', false)")).await?;
        let seen = ask(second, "BEGIN; SELECT current_setting('portcullis.probe', true)").await?;
        // The first would wait for ever if there were only this one server connection. One that was reset has an
        // empty setting.
        if seen.is_some_and(|seen| !seen.is_empty()) {
            ask(second, "ROLLBACK").await?;
            return Ok(true);
        }
        let kept = ask(first, "SELECT current_setting('portcullis.probe', true)").await?;
        ask(second, "ROLLBACK").await?;
        if kept != Some(mark) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first value of the answer. Nothing is prepared.
pub(super) async fn ask(client: &Client, query: &str) -> Result<Option<String>, Error> {
    let answer = client.simple_query(query).await.map_err(|error| {
        // Its details hold values of rows.
        match error.as_db_error().map(|refusal| refusal.message().to_owned()) {
            Some(message) => Error::unavailable(message),
            None => Error::unavailable(error),
        }
    })?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
