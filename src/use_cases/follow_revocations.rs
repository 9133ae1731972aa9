//! Telling backends which access tokens are void.

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::ServiceKeyId;
use crate::revocations::{Position, Revocation, store};
use crate::tokens::Credential;
use crate::tokens::lifecycle::RETIREMENT;
use crate::tokens::service::{self, PresentedKey};

/// The sender of a request for the stream.
pub(crate) enum Reader {
    /// A backend with this key.
    Known(ServiceKeyId),
    /// The key is not valid.
    Unknown,
    /// Too many unknown keys came from this network, so the key was not looked up. The time says how long to wait.
    Limited(Duration),
}

/// Recognises a backend by its service key. A key whose MAC is not this deployment's, and that this instance does not
/// remember, is looked up in the database only so often for each address.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn recognise(app: &App, credential: &Credential, client: &Client) -> Result<Reader, Error> {
    let Credential::Bearer(text) = credential else { return Ok(Reader::Unknown) };
    let Some(presented) = PresentedKey::parse(text) else { return Ok(Reader::Unknown) };
    let now = app.clock.now();
    if app.service_keys.is_refused(&presented, now) {
        return Ok(Reader::Unknown);
    }
    if !presented.is_genuine(&app.keys.current())
        && !app.service_keys.was_good(&presented)
        && let Err(wait) = app.limits.service_key(client, now)
    {
        return Ok(Reader::Limited(wait));
    }
    let hash = app.db.run(async |connection| service::store::find_hash(connection, presented.id).await).await?;
    let is_good = hash.is_some_and(|hash| presented.matches(&hash));
    app.service_keys.note(&presented, is_good, now);
    Ok(if is_good { Reader::Known(presented.id) } else { Reader::Unknown })
}

/// The state of the revocations at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Now {
    /// The position of a reader who has seen everything.
    pub position: Position,
    /// The time by the database's clock.
    pub at: Timestamp,
    readers: HashSet<Uuid>,
}

impl Now {
    /// Whether the service key is one that has not been revoked.
    #[must_use]
    pub(crate) fn is_for(&self, key: ServiceKeyId) -> bool {
        self.readers.contains(&key.0)
    }
}

/// The position now, and whether the reader's key is still valid.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn now(app: &App) -> Result<Now, Error> {
    let now = app.db.run(async |connection| store::now(connection).await).await?;
    Ok(Now { position: now.position, at: now.at, readers: now.readers.into_iter().collect() })
}

/// The revocations between two positions. They are read in batches, so that a reader holds only one at a time.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    from: Position,
    to: Position,
    after: i64,
}

impl Way {
    /// Starts at what a reader has seen. For a reader who has seen nothing, or who comes with a position of another
    /// history of the database, all revocations that still matter are new.
    #[must_use]
    pub(crate) fn new(from: Position, to: Position) -> Self {
        Self { from, to, after: 0 }
    }

    /// The next revocations, in no particular order, and what is left to read, if anything.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away. The same call can be made again.
    pub(crate) async fn walk(&self, app: &App) -> Result<(Vec<Revocation>, Option<Self>), Error> {
        if self.from == self.to {
            return Ok((Vec::new(), None));
        }
        // Access tokens live no longer than their keys.
        let ends = (&self.from, &self.to);
        let batch =
            app.db.run(async |connection| store::between(connection, ends, self.after, RETIREMENT).await).await?;
        Ok((batch.revocations, batch.next.map(|after| Self { after, ..self.clone() })))
    }
}
