//! Telling backends whose access tokens are void.

use std::collections::VecDeque;

use crate::app::App;
use crate::error::Error;
use crate::revocations::{Position, Revocation, store};
use crate::tokens::Credential;
use crate::tokens::service::{self, PresentedKey, ServiceKeyId};

/// A backend that follows the revocations.
#[derive(Debug)]
pub struct Follower {
    key: ServiceKeyId,
    /// What it has been told.
    seen: Position,
}

/// What a follower has not been told yet.
#[derive(Debug)]
pub enum News {
    /// These, and then it has seen everything up to the position.
    All(VecDeque<Revocation>, Position),
    /// Its service key was revoked.
    Refused,
}

/// Recognises a backend by its service key. It goes on after `seen`, or begins with every revocation that still matters.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn follow(app: &App, credential: &Credential, seen: Option<Position>) -> Result<Option<Follower>, Error> {
    let Credential::Bearer(text) = credential else { return Ok(None) };
    let Some(presented) = PresentedKey::parse(text) else { return Ok(None) };
    let hash = app.db.run(async |connection| service::store::find_hash(connection, presented.id).await).await?;
    let known = hash.is_some_and(|hash| presented.matches(&hash));
    Ok(known.then(|| Follower { key: presented.id, seen: seen.unwrap_or_else(Position::start) }))
}

impl Follower {
    /// What became of the time since the last call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away: ask again, nothing is lost.
    pub async fn news(&mut self, app: &App) -> Result<News, Error> {
        let key = self.key.0;
        let Some(now) = app.db.run(async |connection| store::now(connection, key).await).await? else {
            return Ok(News::Refused);
        };
        if self.seen.is_ahead_of(&now) {
            self.seen = Position::start();
        }
        let mut found = VecDeque::new();
        if self.seen != now {
            let (mut after, mut more) = (0, true);
            while more {
                let seen = &self.seen;
                let batch = app.db.run(async |connection| store::between(connection, seen, &now, after).await).await?;
                more = batch.len() as i64 >= store::BATCH;
                after = batch.last().map_or(after, |(row, _)| *row);
                found.extend(batch.into_iter().map(|(_, revocation)| revocation));
            }
            self.seen = now.clone();
        }
        Ok(News::All(found, now))
    }
}
