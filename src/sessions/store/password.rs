//! Changing an account's password, which ends sessions.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::end::Asking;
use super::factors::FactorsRow;
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::Posting;
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Ending, SecondFactors};

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
    let row = changing.one_row::<ChangedRow>(connection).await?;
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
    /// Whether a second factor of the account was shown.
    pub(crate) factor_shown: bool,
    pub(crate) client: &'a Client,
}

/// The outcome of the reset.
pub(crate) enum ResetOutcome {
    /// The password was set, and all sessions ended.
    Done(Ending),
    /// Nothing was done, because the account has these second factors, and none was shown.
    LacksFactor(Box<Account>, SecondFactors),
    /// Nothing was done, because the flow is over, or the account is disabled, gone, or has another address.
    Over,
}

/// Sets the account's password, and ends all its sessions and its other open flows. An account with a second factor needs it, unless
/// its address is proven only by this. Of several at once one succeeds.
pub(crate) async fn reset_password(
    connection: &mut Connection,
    reset: &Reset<'_>,
    now: Timestamp,
) -> Result<ResetOutcome, Error> {
    let resetting = Resetting {
        flow: reset.flow,
        account: reset.account.0,
        email: reset.email,
        hash: reset.new.as_str(),
        now,
        mail: reset.mail,
        factor_shown: reset.factor_shown,
        origin: Origin::of(reset.client),
    };
    let Some(row) = resetting.one_row::<ResetRow>(connection).await.optional()? else {
        return Ok(ResetOutcome::Over);
    };
    Ok(match row.generation {
        Some(generation) => ResetOutcome::Done(Ending { account: reset.account, generation, at: now }),
        None if row.lacks_factor => ResetOutcome::LacksFactor(Box::new(row.account.into()), row.factors.into()),
        None => ResetOutcome::Over,
    })
}

statement! {
    struct Resetting<'a> = "reset_password.sql" {
        flow: Uuid,
        account: Uuid,
        email: &'a str,
        hash: &'a str,
        now: Timestamp,
        mail: &'a Posting,
        factor_shown: bool,
        origin: Origin<'a>,
    } -> ResetRow
}

row! {
    struct ResetRow {
        generation: Option<i64>,
        lacks_factor: bool,
        account: AccountRow,
        factors: FactorsRow,
    }
}
