//! NOTIFY and LISTEN: what the database tells of its own accord.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::probe::ask;
use super::{Connection, Target};
use crate::error::Error;

/// A connection that only hears.
pub(crate) struct Listener(Connection);

/// A connection that only speaks. A second one on purpose: a pooler in transaction mode hands a notification to a client only
/// while that client's own statement runs, so one that hears itself proves nothing. Its statements are not prepared: a
/// pooler may give each another server connection.
pub(crate) struct Speaker {
    client: Client,
    driver: JoinHandle<()>,
}

impl Listener {
    /// Listens to these channels. What is committed after this has returned is heard.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn open(target: &Target, channels: [&str; 2], limit: Duration) -> Result<Self, Error> {
        let open = async {
            let mut connection = target.connect().await.map_err(|error| Error::unavailable(error))?;
            connection.batch_execute(&format!("LISTEN {}; LISTEN {}", channels[0], channels[1])).await?;
            Ok(Self(connection))
        };
        timeout(limit, open).await.unwrap_or_else(|_| Err(late(limit)))
    }

    /// What is heard next: the channel and what was said. `None` when the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<(String, String)> {
        let notification = std::pin::pin!(self.0.notifications_stream()).next().await?.ok()?;
        Some((notification.channel, notification.payload))
    }
}

impl Speaker {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn open(target: &Target, limit: Duration) -> Result<Self, Error> {
        let opened = timeout(limit, target.open()).await.map_err(|_| late(limit))?;
        let (client, connection) = opened.map_err(|error| Error::unavailable(error))?;
        // When it ends with an error, so does what is said on it.
        Ok(Self { client, driver: tokio::spawn(async move { _ = connection.await }) })
    }

    /// The channel on which the triggers of this schema tell of changes. Asked on the way of all other statements: on another
    /// the name may lead to another schema.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is not told within `limit`.
    pub(crate) async fn channel(&self, limit: Duration) -> Result<String, Error> {
        let sql = "SELECT 'portcullis_' || relnamespace FROM pg_catalog.pg_class WHERE oid = 'sessions'::regclass";
        let channel = timeout(limit, ask(&self.client, sql)).await.map_err(|_| late(limit))??;
        channel.ok_or_else(|| Error::internal("the table sessions has no schema"))
    }

    /// Says `text` on `channel`, which is a name of ours.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn say(&self, channel: &str, text: &str, limit: Duration) -> Result<(), Error> {
        debug_assert!(channel.bytes().chain(text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        // Nothing depends on its outliving a crash: no waiting for the disk.
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
