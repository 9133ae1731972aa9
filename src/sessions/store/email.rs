//! Changing an account's e-mail address, and reverting that.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::store::unless_taken;
use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::flows::NewFlow;
use crate::flows::store::Beginning;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::sessions::{ActiveAt, Ending};

/// A change of an address that was proven.
pub(crate) struct EmailChange<'a> {
    /// The flow, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    /// The session that asked for it.
    pub(crate) session: SessionId,
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
    pub(crate) client: &'a Client,
}

/// What became of an address.
pub(crate) enum Moved<T> {
    /// The account has it.
    Done(T),
    /// Nothing was done, because another account has it.
    Taken,
    /// Nothing was done, because the flow is over.
    Over,
}

/// Gives the account its new address, and begins the flow that reverts it. Of several changes that started from the same address one
/// succeeds.
pub(crate) async fn change_email(
    connection: &mut Connection,
    change: &EmailChange<'_>,
    revert: &NewFlow,
    mail: &Posting,
    at: ActiveAt,
) -> Result<Moved<()>, Error> {
    let changing = ChangingEmail {
        change: change.flow,
        account: change.account.0,
        session: change.session.0,
        old_email: change.old,
        new_email: change.new,
        at,
        revert: revert.parameters(),
        mail,
        origin: Origin::of(change.client),
    };
    let changed = unless_taken(changing.one_row::<Uuid>(connection).await.optional())?;
    Ok(match changed {
        Err(_) => Moved::Taken,
        Ok(None) => Moved::Over,
        Ok(Some(_)) => Moved::Done(()),
    })
}

/// A change of an address that is to be reverted.
pub(crate) struct EmailRevert<'a> {
    /// The flow, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    pub(crate) client: &'a Client,
}

/// Gives the account back the address to which the flow's mail went, ends all its sessions and its password, and begins the flow that
/// sets a new one.
pub(crate) async fn revert_email(
    connection: &mut Connection,
    revert: &EmailRevert<'_>,
    reset: &NewFlow,
    mail: &Posting,
    now: Timestamp,
) -> Result<Moved<Ending>, Error> {
    let (account, origin) = (revert.account, Origin::of(revert.client));
    let reset = reset.parameters();
    let reverting = RevertingEmail { revert: revert.flow, account: account.0, now, reset, mail, origin };
    let reverted = unless_taken(reverting.one_row::<i64>(connection).await.optional())?;
    Ok(match reverted {
        Err(_) => Moved::Taken,
        Ok(None) => Moved::Over,
        Ok(Some(generation)) => Moved::Done(Ending { account, generation, at: now }),
    })
}

statement! {
    struct ChangingEmail<'a> = "change_email.sql" {
        change: Uuid,
        account: Uuid,
        session: Uuid,
        old_email: &'a str,
        new_email: &'a str,
        at: ActiveAt,
        revert: Beginning<'a>,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> Uuid
}

statement! {
    struct RevertingEmail<'a> = "revert_email.sql" {
        revert: Uuid,
        account: Uuid,
        now: Timestamp,
        reset: Beginning<'a>,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> i64
}
