//! NOTIFY and LISTEN.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::probe::ask;
use super::{Connection, Target};
use crate::error::Error;

/// A connection that only receives notifications.
pub(crate) struct Listener(Connection);

/// A connection that only sends notifications. It is a second connection on purpose: a pooler in transaction mode
/// delivers a notification to a client only while that client's own statement runs, so a connection that receives its
/// own notifications proves nothing. Its statements are not prepared, because a pooler may run each on another server
/// connection.
pub(crate) struct Speaker {
    client: Client,
    driver: JoinHandle<()>,
}

impl Listener {
    /// Listens to these channels. Notifications that are committed after this has returned are received.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when this takes longer than `limit`.
    pub(crate) async fn open(target: &Target, channels: &[&str], limit: Duration) -> Result<Self, Error> {
        let open = async {
            let mut connection = target.connect().await.map_err(|error| Error::unavailable(error))?;
            let listen: String = channels.iter().map(|channel| format!("LISTEN {channel};")).collect();
            connection.batch_execute(&listen).await?;
            Ok(Self(connection))
        };
        timeout(limit, open).await.unwrap_or_else(|_| Err(late(limit)))
    }

    /// The channel and the text of the next notification. `None` when the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<(String, String)> {
        let notification = std::pin::pin!(self.0.notifications_stream()).next().await?.ok()?;
        Some((notification.channel, notification.payload))
    }
}

impl Speaker {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when this takes longer than `limit`.
    pub(crate) async fn open(target: &Target, limit: Duration) -> Result<Self, Error> {
        let opened = timeout(limit, target.open()).await.map_err(|_| late(limit))?;
        let (client, connection) = opened.map_err(|error| Error::unavailable(error))?;
        // If the connection ends with an error, so do the statements on it.
        Ok(Self { client, driver: tokio::spawn(async move { _ = connection.await }) })
    }

    /// The channel on which the triggers of this schema report changes. It is queried on the way of all other
    /// statements, because on another the name may lead to another schema.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when this takes longer than `limit`.
    pub(crate) async fn channel(&self, limit: Duration) -> Result<String, Error> {
        let sql = "SELECT 'portcullis_' || relnamespace FROM pg_catalog.pg_class WHERE oid = 'sessions'::regclass";
        let channel = timeout(limit, ask(&self.client, sql)).await.map_err(|_| late(limit))??;
        channel.ok_or_else(|| Error::internal("the table sessions has no schema"))
    }

    /// Sends `text` on `channel`, which is a name of ours.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when this takes longer than `limit`.
    pub(crate) async fn say(&self, channel: &str, text: &str, limit: Duration) -> Result<(), Error> {
        debug_assert!(channel.bytes().chain(text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        // It need not survive a crash, so it does not wait for the disk.
        let statement =
            format!("SELECT pg_notify('{channel}', '{text}'), set_config('synchronous_commit', 'off', true)");
        timeout(limit, ask(&self.client, &statement)).await.map_err(|_| late(limit))?.map(|_| ())
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[track_caller]
fn late(limit: Duration) -> Error {
    Error::unavailable(format!("the database did not answer within {limit:?}"))
}
