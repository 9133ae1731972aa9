//! Setting a new password with what a mail brought.

use std::time::Duration;

use crate::app::App;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::{Checked, EmailProof, Flow, Kind};
use crate::ids::AccountId;
use crate::mail::{self, Content, Device, Mail, Posting};
use crate::passwords::{self, BadPassword, FirstGuesses, Weakness};
use crate::sessions::Ending;
use crate::sessions::store::{Reset, reset_password};
use crate::telemetry;

/// The outcome of a reset.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The password was set, and all sessions of the account have ended.
    Success(Ending),
    /// The new password is too short or too long. Nothing else was looked at.
    Invalid(BadPassword),
    /// The new password is easily guessed. What the mail brought can be used again.
    Weak(Weakness),
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// The link or the code is over, or the account is disabled or has another address by now.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Sets a new password, ends all sessions of the account and its other open flows, and tells the address by mail. It opens no session:
/// whoever reads the owner's mail does not get in by that without leaving the owner a trace. Limits on logins play no part in it, so an
/// account whose password is being guessed is not closed to its owner.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the password may have
/// been set or not.
pub(crate) async fn complete_password_reset(
    app: &App,
    client: &Client,
    proof: &EmailProof,
    new: String,
) -> Result<Outcome, Error> {
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    let flow = match app.check_proof(client, Kind::PasswordReset, proof).await? {
        Checked::Right(flow) => flow,
        Checked::Wrong { tries_left } => return Ok(Outcome::Wrong(tries_left)),
        Checked::Expired => return Ok(Outcome::Expired),
        Checked::Limited(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    // No mail has what belongs to the flow of an address without an account.
    let Some(account) = flow.account else { return Ok(Outcome::Expired) };
    // Only who has the proof takes a place at the hashing threads. The flow is not ended yet, so whoever finds none can try again, and
    // whoever chose a weak password can choose another one.
    let permit = app.passwords.permit()?;
    let context = FirstGuesses::new(&flow.email, flow.username.as_deref());
    let new = match permit.hash(new, context).await? {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Outcome::Weak(weakness)),
    };
    drop(permit);
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let mail = &notice(app, client, &flow, account, now)?;
    let reset = Reset { flow: flow.id, account, email: &flow.email, new: &new, mail, client };
    let ended = app.db.run(async |connection| reset_password(connection, &reset, now).await).await;
    drop(turn);
    app.all_ended(account);
    Ok(match ended? {
        Some(ending) => {
            telemetry::record_account(account);
            Outcome::Success(ending)
        }
        None => Outcome::Expired,
    })
}

/// The mail that tells the address of it.
fn notice(app: &App, client: &Client, flow: &Flow, account: AccountId, now: Timestamp) -> Result<Posting, Error> {
    let content =
        Content { username: flow.username.clone(), device: Some(Device::of(client, now)), ..Content::default() };
    let mail = Mail {
        kind: mail::Kind::PasswordReset,
        account: Some(account),
        recipient: &flow.email,
        locale: &flow.locale,
        content: &content,
    };
    app.post(&mail, now)
}
