//! Removing accounts that were deleted, with all that is theirs.

use std::time::Duration;

use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, row, statement};
use crate::error::Error;
use crate::ids::AccountId;

/// What is to be removed: what was deleted `kept` before `now` or earlier, by the clock of the database as well.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) now: Timestamp,
    pub(crate) kept: Duration,
}

/// Where somebody is who goes through the accounts that are to be removed.
#[derive(Clone, Copy)]
pub(crate) struct RemovalCursor {
    pub(crate) account: AccountId,
    /// Of each account that is due it is known.
    deleted_at: Option<Timestamp>,
}

/// The first account after that place that is to be removed, in the order in which they were deleted.
pub(crate) async fn next_due(
    connection: &mut Connection,
    due: Due,
    after: Option<RemovalCursor>,
) -> Result<Option<RemovalCursor>, Error> {
    let finding = FindingDue {
        now: due.now,
        kept_seconds: due.kept.as_secs_f64(),
        after_deleted_at: after.and_then(|place| place.deleted_at),
        after_account: after.map(|place| place.account.0),
    };
    let row = finding.get_result::<DueRow>(connection).await.optional()?;
    Ok(row.map(|row| RemovalCursor { account: AccountId(row.account), deleted_at: row.deleted_at }))
}

/// A step of removing an account.
pub(crate) struct Removal {
    /// Whether its row is gone, and with it all that was its.
    pub(crate) is_gone: bool,
    /// How many rows of it were removed or stripped.
    pub(crate) rows: i64,
}

/// Strips some of the account's events of what tells of its owner, and removes some of its sessions. If there is none of either, and
/// `is_cleared`, removes the account. `None` if it is not to be removed, or somebody else is at it.
///
/// `is_cleared` says that a step was made before this one began. Each takes the account's row for itself, so it waits for those that
/// write an event of it; and whoever takes the row later sees that the account is deleted. So the step after sees all events there are.
pub(crate) async fn remove(
    connection: &mut Connection,
    due: Due,
    account: AccountId,
    is_cleared: bool,
) -> Result<Option<Removal>, Error> {
    let kept_seconds = due.kept.as_secs_f64();
    let removing = Removing { now: due.now, kept_seconds, account: account.0, is_cleared };
    let row = removing.get_result::<RemovalRow>(connection).await.optional()?;
    Ok(row.map(|row| Removal { is_gone: row.is_gone, rows: row.rows }))
}

statement! {
    struct FindingDue = "next_due.sql" {
        now: Timestamp,
        kept_seconds: f64,
        after_deleted_at: Option<Timestamp>,
        after_account: Option<Uuid>,
    } -> DueRow
}

row! {
    struct DueRow {
        deleted_at: Option<Timestamp>,
        account: Uuid,
    }
}

statement! {
    struct Removing = "remove.sql" {
        now: Timestamp,
        kept_seconds: f64,
        account: Uuid,
        is_cleared: bool,
    } -> RemovalRow
}

row! {
    struct RemovalRow {
        is_gone: bool,
        rows: i64,
    }
}
