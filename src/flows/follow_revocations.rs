//! Telling backends whose access tokens are void.

use std::collections::HashSet;

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::revocations::{Position, Revocation, store};
use crate::tokens::Credential;
use crate::tokens::service::{self, PresentedKey, ServiceKeyId};

/// What is new since a position.
#[derive(Debug)]
pub struct News {
    /// In no particular order.
    pub revocations: Vec<Revocation>,
    /// Where a reader is who has seen these.
    pub position: Position,
    /// Whose backends may know.
    readers: HashSet<Uuid>,
}

impl News {
    /// Whether the service key is one that has not been revoked.
    #[must_use]
    pub fn is_for(&self, key: ServiceKeyId) -> bool {
        self.readers.contains(&key.0)
    }
}

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

/// Where a reader is who has seen everything.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn position(app: &App) -> Result<Position, Error> {
    Ok(app.db.run(async |connection| store::now(connection).await).await?.0)
}

/// What happened since `seen`; at the start, and after a position of another database, every revocation that still matters.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn news_since(app: &App, seen: &Position) -> Result<News, Error> {
    let (position, readers) = app.db.run(async |connection| store::now(connection).await).await?;
    let start = Position::start();
    let seen = if seen.is_ahead_of(&position) { &start } else { seen };
    let mut revocations = Vec::new();
    let mut after = (*seen != position).then_some(0);
    while let Some(row) = after {
        let batch = app.db.run(async |connection| store::between(connection, seen, &position, row).await).await?;
        after = batch.last().filter(|_| batch.len() >= store::BATCH).map(|(row, _)| *row);
        revocations.extend(batch.into_iter().map(|(_, revocation)| revocation));
    }
    Ok(News { revocations, position, readers: readers.into_iter().collect() })
}
