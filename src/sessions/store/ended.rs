//! Sessions that were ended together with all others of their account: listing them, and recording the end of each.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::SessionRow;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::sessions::{Ending, Session};

/// The number of sessions that this ended.
pub(crate) async fn count_ended(
    connection: &mut Connection,
    ending: &Ending,
    unused_since: Timestamp,
) -> Result<i64, Error> {
    Ok(Counting { ending: ending.into(), unused_since }.one_row::<i64>(connection).await?)
}

/// The sessions that this ended, newest first: at most `first` after the given one.
pub(crate) async fn list_ended(
    connection: &mut Connection,
    ending: &Ending,
    (after, first): (Option<SessionId>, u16),
    unused_since: Timestamp,
) -> Result<Vec<Session>, Error> {
    let (after, first) = (after.map(|id| id.0), i64::from(first));
    let listing = Listing { ending: ending.into(), unused_since, after, first };
    Ok(listing.all_rows::<SessionRow>(connection).await?.into_iter().map(Into::into).collect())
}

struct EndingValues {
    account: Uuid,
    generation: i64,
    ended_at: Timestamp,
}

parameters! { EndingValues { account: Uuid, generation: i64, ended_at: Timestamp } }

impl From<&Ending> for EndingValues {
    fn from(ending: &Ending) -> Self {
        Self { account: ending.account.0, generation: ending.generation, ended_at: ending.at }
    }
}

statement! {
    struct Counting = "count_ended.sql" {
        ending: EndingValues,
        unused_since: Timestamp,
    } -> i64
}

statement! {
    struct Listing = "list_ended.sql" {
        ending: EndingValues,
        unused_since: Timestamp,
        after: Option<Uuid>,
        first: i64,
    } -> SessionRow
}

/// How many sessions one statement records.
const BATCH: i64 = 500;

/// A position among the endings.
#[derive(Clone, Copy)]
pub(crate) struct EndedCursor {
    account: AccountId,
    generation: i64,
}

impl EndedCursor {
    /// The position before all endings.
    pub(crate) const START: Self = Self { account: AccountId(Uuid::nil()), generation: i64::MIN };
}

/// A step on the way through the endings.
pub(crate) struct Step {
    /// The ending that was looked at.
    pub(crate) place: EndedCursor,
    /// How many of its sessions were recorded.
    pub(crate) recorded: i64,
}

/// Takes the next ending after `place` that no other instance works at, and records the end of some of its sessions:
/// in their rows, and as events of those that were active until then, unless the account was deleted. An ending of
/// which nothing is left is removed. `None` at the end of the table.
pub(crate) async fn record_endings(
    connection: &mut Connection,
    place: EndedCursor,
    idle_seconds: f64,
) -> Result<Option<Step>, Error> {
    let (account_id, generation) = (place.account.0, place.generation);
    let recording = Recording { account_id, generation, idle_seconds, batch: BATCH };
    let row = recording.one_row::<StepRow>(connection).await.optional()?;
    Ok(row.map(|row| Step {
        place: EndedCursor { account: AccountId(row.account_id), generation: row.generation },
        recorded: row.recorded,
    }))
}

statement! {
    struct Recording = "record_endings.sql" {
        account_id: Uuid,
        generation: i64,
        idle_seconds: f64,
        batch: i64,
    } -> StepRow
}

row! {
    struct StepRow {
        account_id: Uuid,
        generation: i64,
        recorded: i64,
    }
}
