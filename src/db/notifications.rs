//! NOTIFY and LISTEN: what the database tells of its own accord.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Oid;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{Connection, Target};
use crate::error::Error;

/// A connection that only hears.
pub(crate) struct Listener {
    connection: Connection,
    /// The channel on which the triggers of this schema tell of changes.
    channel: String,
}

/// A connection that only speaks. A second one on purpose: a pooler in transaction mode hands a notification to a client only
/// while that client's own statement runs, so one that hears itself proves nothing.
pub(crate) struct Speaker(Connection);

#[derive(QueryableByName)]
struct Schema {
    #[diesel(sql_type = Oid)]
    relnamespace: u32,
}

impl Listener {
    /// Listens to the changes of this schema, and to `own`. What is committed after this has returned is heard.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn open(target: &Target, own: &str, limit: Duration) -> Result<Self, Error> {
        let open = async {
            let mut connection = target.connect().await.map_err(|error| Error::Unavailable(error.to_string()))?;
            let schema = diesel::sql_query("SELECT relnamespace FROM pg_class WHERE oid = 'sessions'::regclass")
                .get_result::<Schema>(&mut connection)
                .await?;
            let channel = format!("portcullis_{}", schema.relnamespace);
            connection.batch_execute(&format!("LISTEN {channel}; LISTEN {own}")).await?;
            Ok(Self { connection, channel })
        };
        timeout(limit, open).await.unwrap_or_else(|_| Err(late(limit)))
    }

    /// The channel of changes.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// What is heard next: the channel and what was said. `None` when the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<(String, String)> {
        let notification = std::pin::pin!(self.connection.notifications_stream()).next().await?.ok()?;
        Some((notification.channel, notification.payload))
    }
}

impl Speaker {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn open(target: &Target, limit: Duration) -> Result<Self, Error> {
        let connected = timeout(limit, target.connect()).await.map_err(|_| late(limit))?;
        Ok(Self(connected.map_err(|error| Error::Unavailable(error.to_string()))?))
    }

    /// Says `text` on `channel`, which is a name of ours.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that is not done within `limit`.
    pub(crate) async fn say(&mut self, channel: &str, text: &str, limit: Duration) -> Result<(), Error> {
        debug_assert!(channel.bytes().chain(text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        // Not prepared: a pooler may give each statement another server connection.
        // Nothing depends on its outliving a crash: no waiting for the disk.
        let statement =
            format!("SELECT pg_notify('{channel}', '{text}'), set_config('synchronous_commit', 'off', true)");
        timeout(limit, self.0.batch_execute(&statement)).await.map_err(|_| late(limit))?.map_err(Error::from)
    }
}

fn late(limit: Duration) -> Error {
    Error::Unavailable(format!("the database did not answer within {limit:?}"))
}
