//! What operators do with keys.

use uuid::Uuid;

use super::key_set::{KeySet, signing_rows};
use super::lifecycle::State;
use super::rotation::{Dates, NewKey};
use super::store::{self, Change, KeyRow};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::sealing::Seals;

/// A signing key as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in a token's header.
    pub kid: Uuid,
    /// `alg`
    pub algorithm: String,
    /// Its state at this time.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub activates_at: Timestamp,
    /// When it stops verifying. This is known as soon as it has a successor.
    pub gone_at: Option<Timestamp>,
}

/// The outcome of a rotation.
#[derive(Debug)]
pub enum Rotated {
    /// This key will sign.
    Planned(Listed),
    /// Nothing was done, because this key already waits to sign.
    Waiting(Listed),
}

/// The outcome of a rotation without overlap.
#[derive(Debug)]
pub struct Replaced {
    /// The key that signs.
    pub key: Listed,
    /// How many keys were deleted. All their tokens are void.
    pub deleted: usize,
}

/// All signing keys, in the order in which they activate.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn list(connection: &mut Connection, now: Timestamp) -> Result<Vec<Listed>, Error> {
    Ok(listed(&store::load(connection).await?, now))
}

/// The deployment's keys. `None` when it has none yet.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when the secret does not open them; [`Error::Unavailable`] when the
/// database is away.
pub async fn key_set(connection: &mut Connection, seals: &Seals) -> Result<Option<KeySet>, Error> {
    let rows = store::load(connection).await?;
    if rows.is_empty() { Ok(None) } else { KeySet::open(&rows, seals).map(Some) }
}

/// Adds `fresh` as the key that will sign, unless one waits already.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when there are no keys yet, or the secret does not open them;
/// [`Error::Unavailable`] when the database is away.
pub async fn rotate(
    connection: &mut Connection,
    seals: &Seals,
    fresh: &NewKey,
    now: Timestamp,
) -> Result<Rotated, Error> {
    let decide = |rows: &[KeyRow]| {
        check(rows, seals)?;
        if listed(rows, now).iter().any(|key| key.state == State::Upcoming) {
            return Ok((Change::default(), false));
        }
        Ok((Change { add: vec![fresh.successor(rows, seals, now)?], ..Change::default() }, true))
    };
    let (rows, added) = store::change(connection, decide).await?;
    let newest = newest(&rows, now)?;
    Ok(if added { Rotated::Planned(newest) } else { Rotated::Waiting(newest) })
}

/// Makes `fresh` the only signing key.
///
/// # Errors
/// The errors of [`rotate`].
pub async fn replace(
    connection: &mut Connection,
    seals: &Seals,
    fresh: &NewKey,
    now: Timestamp,
) -> Result<Replaced, Error> {
    let decide = |rows: &[KeyRow]| {
        check(rows, seals)?;
        let delete: Vec<_> = signing_rows(rows).map(|(row, _)| row.id).collect();
        let deleted = delete.len();
        Ok((
            Change {
                add: vec![fresh.row(seals, Dates { created_at: now, activates_at: now })?],
                delete,
                ..Change::default()
            },
            deleted,
        ))
    };
    let (rows, deleted) = store::change(connection, decide).await?;
    Ok(Replaced { key: newest(&rows, now)?, deleted })
}

/// Someone who can't open the keys would add one that no server can open.
fn check(rows: &[KeyRow], seals: &Seals) -> Result<(), Error> {
    if rows.is_empty() {
        return Err(Error::internal("there are no keys yet: the first start of the server makes them"));
    }
    KeySet::open(rows, seals).map(drop)
}

fn newest(rows: &[KeyRow], now: Timestamp) -> Result<Listed, Error> {
    listed(rows, now).pop().ok_or_else(|| Error::internal("there is no signing key"))
}

fn listed(rows: &[KeyRow], now: Timestamp) -> Vec<Listed> {
    let one = |(row, reign): (&KeyRow, super::lifecycle::Reign)| Listed {
        kid: row.id,
        algorithm: row.algorithm.clone(),
        state: reign.state(now),
        created_at: row.created_at,
        activates_at: row.activates_at,
        gone_at: reign.gone_at(),
    };
    signing_rows(rows).map(one).collect()
}
