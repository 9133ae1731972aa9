//! Giving an account another e-mail address, which was proven.

use std::time::Duration;

use crate::accounts::PendingChange;
use crate::app::{App, LinkTo};
use crate::client::Client;
use crate::error::{Error, OrInternal};
use crate::flows::{self, Checked, EmailProof, Flow};
use crate::ids::{AccountId, SessionId};
use crate::mail;
use crate::sessions::store::{EmailChange, Moved, change_email};
use crate::telemetry;

/// The outcome of a change.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account has this address.
    Success(String),
    /// Another account has got it in the meantime.
    Taken,
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// The change is over: it was confirmed or it expired, the account has got another address in the meantime, or the session that
    /// asked for it has ended.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Gives an account the address that was proven, and sends the address of before a mail by which that is reverted. It ends no
/// session, and it opens none.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. Then the address may have been changed or not.
pub(crate) async fn complete_email_change(app: &App, client: &Client, proof: &EmailProof) -> Result<Outcome, Error> {
    match app.check_proof(client, flows::Kind::EmailChange, proof).await? {
        Checked::Right(flow) => change(app, client, flow).await,
        Checked::Expired => Ok(Outcome::Expired),
        Checked::Wrong { tries_left } => Ok(Outcome::Wrong(tries_left)),
        Checked::Limited(retry_after) => Ok(Outcome::Limited(retry_after)),
    }
}

async fn change(app: &App, client: &Client, flow: Flow) -> Result<Outcome, Error> {
    let data = flow.data.as_ref().ok_or("a change of an address without its data").or_internal()?;
    let PendingChange { from, session } = PendingChange::from_bytes(data)?;
    let account: AccountId = flow.account.ok_or("a change of an address without an account").or_internal()?;
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let (revert, mail) = app.prepare_link(LinkTo {
        kind: flows::Kind::EmailRevert,
        mail: mail::Kind::EmailChanged,
        occasion: None,
        account,
        email: &from,
        locale: flow.locale,
        username: flow.username,
        new_email: Some(&flow.email),
        client,
        now,
    })?;
    let session = SessionId(session);
    let change = EmailChange { flow: flow.id, account, session, old: &from, new: &flow.email, client };
    let at = app.active_at(now);
    let moved = app.db.run(async |connection| change_email(connection, &change, &revert, &mail, at).await).await;
    drop(turn);
    app.session_cache.forget_account(account);
    Ok(match moved? {
        Moved::Done(()) => {
            telemetry::record_account(account);
            Outcome::Success(flow.email)
        }
        Moved::Taken => Outcome::Taken,
        Moved::Over => Outcome::Expired,
    })
}
