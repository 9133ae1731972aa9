//! The keys of a running server. They are read at start, and again when they change.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

pub use super::key_set::KeySet;
use super::rotation::{NewKey, Occasion, Policy, first, resealed, without_gone};
use super::store::{self, KeyRow};
use crate::clock::Timestamp;
use crate::config::SigningAlgorithm;
use crate::db::Connection;
use crate::error::Error;
use crate::sealing::Seals;

/// The deployment's keys, as this instance knows them.
#[derive(Debug)]
pub struct Keys {
    seals: Seals,
    policy: Policy,
    current: RwLock<Arc<KeySet>>,
    /// Held from reading the table to replacing the keys, so that an older reading never replaces a newer one.
    turn: Mutex<()>,
}

/// What has to be done to the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The newest signing key is too old: one of this algorithm has to be made.
    pub rotation: Option<SigningAlgorithm>,
    /// There are keys whose tokens have all expired.
    pub deletion: bool,
}

/// The algorithm of the key that has to be made at start, if one has to: because there is no key yet, or because the
/// newest is too old or not of the setting's algorithm.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn needed(
    connection: &mut Connection,
    policy: Policy,
    now: Timestamp,
) -> Result<Option<SigningAlgorithm>, Error> {
    Ok(policy.due(&store::load(connection).await?, Occasion::Start, now))
}

impl Keys {
    /// Reads the keys from the database. The first start makes them. Adds `fresh` if it is still needed. Keys that
    /// the previous secret sealed are sealed again with the current one.
    ///
    /// # Errors
    /// [`Error::Internal`] with a sentence for the operator when no secret opens them; [`Error::Unavailable`] when the database
    /// is away.
    pub async fn start(
        connection: &mut Connection,
        seals: Seals,
        policy: Policy,
        fresh: Option<NewKey>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let decide = |rows: &[KeyRow]| {
            if rows.is_empty() {
                let lost = || Error::internal("the keys were deleted while this instance started");
                return Ok((first(fresh.as_ref().ok_or_else(lost)?, &seals, now)?, 0));
            }
            let mut change = resealed(rows, &seals)?;
            let stale = change.reseal.len();
            if let Some(fresh) = &fresh
                && policy.due(rows, Occasion::Start, now).is_some()
            {
                change.add.push(fresh.successor(rows, &seals, now)?);
            }
            Ok((change, stale))
        };
        let (rows, stale) = store::change(connection, decide).await?;
        if stale > 0 {
            tracing::info!(keys = stale, "sealed the keys of PORTCULLIS_SECRET_PREVIOUS under PORTCULLIS_SECRET");
        }
        let current = RwLock::new(Arc::new(KeySet::open(&rows, &seals)?));
        Ok(Self { seals, policy, current, turn: Mutex::new(()) })
    }

    /// The current keys. Call this once for things that have to match.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How old a signing key becomes before it gets a successor.
    pub(super) fn max_age(&self) -> Duration {
        self.policy.max_age
    }

    /// The secrets that open them.
    pub(crate) fn seals(&self) -> &Seals {
        &self.seals
    }

    /// Reads the table again. If its keys can't be opened, this is logged and the instance goes on with the keys that
    /// it has, until an operator has corrected the table. Keys that were deleted are refused in any case.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away.
    pub async fn reload(&self, connection: &mut Connection) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let rows = store::load(connection).await?;
        if let Err(error) = self.take(&rows) {
            tracing::error!(%error, causes = error.causes(), at = error.at(), "the keys in the database can't be used: the loaded keys stay in use");
            if let Some(left) = self.current().without_deleted(&rows) {
                tracing::warn!("keys were deleted: access tokens that they signed are refused");
                self.replace(left);
            }
        }
        Ok(())
    }

    /// Whether [`tend`](Self::tend) has something to do at `now`, as far as this instance knows.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Due {
        let current = self.current();
        Due {
            rotation: self.policy.due(current.rows(), Occasion::Running, now),
            deletion: !without_gone(current.rows(), now).delete.is_empty(),
        }
    }

    /// Adds `fresh` if the newest key is still too old, deletes the keys whose tokens have all expired, and reads all
    /// keys again. An instance whose secret does not open all keys changes none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away; [`Error::Internal`] when the secret does not open the keys.
    pub async fn tend(&self, connection: &mut Connection, fresh: Option<NewKey>, now: Timestamp) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let decide = |rows: &[KeyRow]| {
            KeySet::open(rows, &self.seals)?;
            let mut change = without_gone(rows, now);
            if let Some(fresh) = &fresh
                && self.policy.due(rows, Occasion::Running, now).is_some()
            {
                change.add.push(fresh.successor(rows, &self.seals, now)?);
            }
            Ok((change, ()))
        };
        let (rows, ()) = store::change(connection, decide).await?;
        self.take(&rows)
    }

    fn take(&self, rows: &[KeyRow]) -> Result<(), Error> {
        if !self.current().is_of(rows) {
            self.replace(KeySet::open(rows, &self.seals)?);
            tracing::info!(keys = ?self.current(), "loaded changed keys");
        }
        Ok(())
    }

    fn replace(&self, new: KeySet) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }
}
