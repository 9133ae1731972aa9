//! Telling backends whose access tokens are void.

use std::collections::HashSet;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::revocations::{Position, Revocation, store};
use crate::tokens::Credential;
use crate::tokens::lifecycle::RETIREMENT;
use crate::tokens::service::{self, PresentedKey, ServiceKeyId};

/// Recognises a backend by its service key.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn recognise(app: &App, credential: &Credential) -> Result<Option<ServiceKeyId>, Error> {
    let Credential::Bearer(text) = credential else { return Ok(None) };
    let Some(presented) = PresentedKey::parse(text) else { return Ok(None) };
    let hash = app.db.run(async |connection| service::store::find_hash(connection, presented.id).await).await?;
    Ok(hash.is_some_and(|hash| presented.matches(&hash)).then_some(presented.id))
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
