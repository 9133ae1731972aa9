//! Deleting accounts: their names are free and their sessions end at once. The rows are removed later.

use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::passwords::PasswordHash;

/// A deletion that is asked for.
pub(crate) struct Deletion<'a> {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that is not active.
    pub(crate) by: SessionId,
    /// Since when it must have been used for that.
    pub(crate) unused_since: Timestamp,
    /// On which device.
    pub(crate) client: &'a Client,
    /// The hash that the password was compared with.
    pub(crate) hash: &'a PasswordHash,
    /// Whether the account may be restored for a while.
    pub(crate) is_kept: bool,
}

/// What became of the deletion.
pub(crate) enum Deleted {
    /// It was made.
    Done,
    /// Nothing: the hash was another by then, or the account is disabled or gone.
    OtherHash,
    /// Nothing: the session that asked had ended.
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
    let row = deleting.get_result::<DeletedRow>(connection).await?;
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
