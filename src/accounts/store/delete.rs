//! Deleting accounts. Their names are free and their sessions end at once. The rows are removed later.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::passwords::PasswordHash;

/// The parameters of a deletion.
pub(crate) struct Deletion<'a> {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that is not active.
    pub(crate) by: SessionId,
    /// The time since when it must have been used to be active.
    pub(crate) unused_since: Timestamp,
    /// The client that sent the request.
    pub(crate) client: &'a Client,
    /// The hash that the password was compared with.
    pub(crate) hash: &'a PasswordHash,
    /// Whether the account may be restored for a while.
    pub(crate) is_kept: bool,
}

/// The outcome of the deletion.
pub(crate) enum Deleted {
    /// The account was deleted.
    Done,
    /// Nothing was done, because the hash was replaced, or the account was disabled or removed.
    OtherHash,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Deletes the account of the session that asks, if the hash is still its password's.
pub(crate) async fn delete_own(
    connection: &mut Connection,
    deletion: &Deletion<'_>,
    now: Timestamp,
) -> Result<Deleted, Error> {
    let deleting = DeletingOwn {
        account: deletion.account.0,
        by: deletion.by.0,
        now,
        unused_since: deletion.unused_since,
        hash: deletion.hash.as_str(),
        is_kept: deletion.is_kept,
        origin: Origin::of(deletion.client),
    };
    let row = deleting.one_row::<DeletedRow>(connection).await?;
    Ok(match (row.has_hash, row.is_deleted) {
        (false, _) => Deleted::OtherHash,
        (true, false) => Deleted::SessionEnded,
        (true, true) => Deleted::Done,
    })
}

statement! {
    struct DeletingOwn<'a> = "delete_own.sql" {
        account: Uuid,
        by: Uuid,
        now: Timestamp,
        unused_since: Timestamp,
        hash: &'a str,
        is_kept: bool,
        origin: Origin<'a>,
    } -> DeletedRow
}

row! {
    struct DeletedRow {
        has_hash: bool,
        is_deleted: bool,
    }
}
