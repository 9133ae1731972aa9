//! Telling backends whose access tokens are void.

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

/// Who asks for the stream.
pub enum Reader {
    /// A backend with this key.
    Known(ServiceKeyId),
    /// Nobody whose key is good.
    Unknown,
    /// Somebody from where too many unknown keys came: the key was not looked up. How long to wait.
    Limited(Duration),
}

/// Recognises a backend by its service key. What this deployment has not made, as far as its MAC and this instance's memory tell, is
/// looked up so often for each address and no more.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn recognise(app: &App, credential: &Credential, client: &Client) -> Result<Reader, Error> {
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

/// What may be known now.
#[derive(Clone, Debug)]
pub struct Now {
    /// Where a reader is who has seen everything.
    pub position: Position,
    /// The time by the database's clock.
    pub at: Timestamp,
    readers: HashSet<Uuid>,
}

impl Now {
    /// Whether the service key is one that has not been revoked.
    #[must_use]
    pub fn is_for(&self, key: ServiceKeyId) -> bool {
        self.readers.contains(&key.0)
    }
}

/// What may be known now, and by whom.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn now(app: &App) -> Result<Now, Error> {
    let now = app.db.run(async |connection| store::now(connection).await).await?;
    Ok(Now { position: now.position, at: now.at, readers: now.readers.into_iter().collect() })
}

/// The way between two positions, walked in batches, so that nobody holds more than one.
#[derive(Clone, Debug)]
pub struct Way {
    from: Position,
    to: Position,
    after: i64,
}

impl Way {
    /// From what a reader has seen; from the start, or a position of another history of the database, everything that still
    /// matters is new.
    #[must_use]
    pub fn new(from: Position, to: Position) -> Self {
        Self { from, to, after: 0 }
    }

    /// Where it leads.
    #[must_use]
    pub fn end(&self) -> &Position {
        &self.to
    }

    /// The next revocations, in no particular order, and the rest of the way, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away: walk on from here again.
    pub async fn walk(&self, app: &App) -> Result<(Vec<Revocation>, Option<Self>), Error> {
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
