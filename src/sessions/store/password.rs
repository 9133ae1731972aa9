//! Changing an account's password, which ends sessions.

use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::end::Asking;
use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::Posting;
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Ending};

/// A password to be changed.
pub(crate) struct Change<'a> {
    /// The hash that the current password was compared with.
    pub(crate) old: &'a PasswordHash,
    pub(crate) new: &'a PasswordHash,
    /// The session that asks, which continues.
    pub(crate) asking: Asking<'a>,
}

/// The outcome of the change.
pub(crate) enum Changed {
    /// The password was changed, and all other sessions ended.
    Done(Ending),
    /// Nothing was done, because the hash was replaced, or the account has no password, is disabled or was removed.
    OtherHash,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Replaces the account's hash and ends all its sessions except the one that asks. That includes a session that a
/// login is opening with the old password, because the login locks the account's row until the session exists.
pub(crate) async fn change_password(
    connection: &mut Connection,
    change: &Change<'_>,
    at: ActiveAt,
) -> Result<Changed, Error> {
    let Change { old, new, asking } = change;
    let changing = Changing {
        account: asking.account.0,
        by: asking.by.0,
        at,
        old: old.as_str(),
        new: new.as_str(),
        origin: Origin::of(asking.client),
    };
    let row = changing.get_result::<ChangedRow>(connection).await?;
    Ok(match (row.has_hash, row.generation) {
        (false, _) => Changed::OtherHash,
        (true, None) => Changed::SessionEnded,
        (true, Some(generation)) => Changed::Done(Ending { account: asking.account, generation, at: at.now }),
    })
}

statement! {
    struct Changing<'a> = "change_password.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        old: &'a str,
        new: &'a str,
        origin: Origin<'a>,
    } -> ChangedRow
}

row! {
    struct ChangedRow {
        has_hash: bool,
        generation: Option<i64>,
    }
}

/// A password to be reset, by whoever has what a mail brought.
pub(crate) struct Reset<'a> {
    /// The flow, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    /// The address to which the mail went.
    pub(crate) email: &'a str,
    pub(crate) new: &'a PasswordHash,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
    pub(crate) client: &'a Client,
}

/// Sets the account's password, and ends all its sessions and its other open flows. `None` if the flow is over, or the account is
/// disabled, gone, or has another address. Of several at once one succeeds.
pub(crate) async fn reset_password(
    connection: &mut Connection,
    reset: &Reset<'_>,
    now: Timestamp,
) -> Result<Option<Ending>, Error> {
    let resetting = Resetting {
        flow: reset.flow,
        account: reset.account.0,
        email: reset.email,
        hash: reset.new.as_str(),
        now,
        mail: reset.mail,
        origin: Origin::of(reset.client),
    };
    let generation = resetting.get_result::<i64>(connection).await.optional()?;
    Ok(generation.map(|generation| Ending { account: reset.account, generation, at: now }))
}

statement! {
    struct Resetting<'a> = "reset_password.sql" {
        flow: Uuid,
        account: Uuid,
        email: &'a str,
        hash: &'a str,
        now: Timestamp,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> i64
}
