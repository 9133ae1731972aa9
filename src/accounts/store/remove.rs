//! Removing accounts that were deleted, with all that belongs to them.

use std::time::Duration;

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;

/// Which accounts have to be removed: those that were deleted `kept` before `now` or earlier, by the clock of the
/// database as well.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) now: Timestamp,
    pub(crate) kept: Duration,
}

/// A position among the accounts that have to be removed.
#[derive(Clone, Copy)]
pub(crate) struct RemovalCursor {
    pub(crate) account: AccountId,
    /// Each account that has to be removed has a time of deletion.
    deleted_at: Option<Timestamp>,
}

/// The first account after that position that has to be removed, in the order in which they were deleted.
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
    let row = finding.one_row::<DueRow>(connection).await.optional()?;
    Ok(row.map(|row| RemovalCursor { account: AccountId(row.account), deleted_at: row.deleted_at }))
}

/// A step of removing an account.
pub(crate) struct Removal {
    /// Whether its row was removed, and with it all that belonged to it.
    pub(crate) is_gone: bool,
    /// How many rows of it were removed or stripped.
    pub(crate) rows: i64,
}

/// Removes from some of the account's events what identifies the owner, and removes some of its sessions. If there
/// are none of either, and `is_cleared`, removes the account. `None` if it must not be removed, or another instance
/// works at it.
///
/// `is_cleared` says that a step was completed before this one began. Each step locks the account's row, so it waits
/// for statements that record an event of it, and later ones see that the account is deleted. So the next step sees
/// all events.
pub(crate) async fn remove(
    connection: &mut Connection,
    due: Due,
    account: AccountId,
    is_cleared: bool,
) -> Result<Option<Removal>, Error> {
    let kept_seconds = due.kept.as_secs_f64();
    let removing = Removing { now: due.now, kept_seconds, account: account.0, is_cleared };
    let row = removing.one_row::<RemovalRow>(connection).await.optional()?;
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
