//! Setting a new password with what a mail brought.

use std::time::Duration;

use crate::accounts::Account;
use crate::app::{App, FactorInFlow, FactorInput, FactorOwner, SecondStep};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::store::take_factor_try;
use crate::flows::{Checked, EmailProof, Flow, Kind};
use crate::ids::AccountId;
use crate::limits::KnownBy;
use crate::mail::{self, Content, Device, Mail, Posting};
use crate::passwords::{self, BadPassword, FirstGuesses, PasswordHash, Weakness};
use crate::sessions::store::{Reset, ResetOutcome, reset_password};
use crate::sessions::{Ending, Method};
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
    /// The account has a second factor, which has to be shown. What the mail brought can be used again.
    SecondFactorRequired(SecondStep),
    /// The second factor, which is one of this kind, is wrong or was used before. So many more may be tried.
    WrongFactor(Method, i32),
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
/// An account with a second factor needs it as well, unless its address is proven only by this: whoever registered the address before may
/// have been somebody else. A weak password is told before a factor is asked for, so that none is used up for it.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the password may have
/// been set or not.
pub(crate) async fn complete_password_reset(
    app: &App,
    client: &Client,
    proof: &EmailProof,
    new: String,
    factor: Option<FactorInput>,
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
    let reset = async |factor_shown| reset(app, client, (&flow, account), &new, factor_shown).await;
    let (owner, factors) = match reset(false).await? {
        ResetOutcome::LacksFactor(owner, factors) => (owner, factors),
        outcome => return Ok(told(outcome)),
    };
    let Some(factor) = factor else {
        let shown = (proof.token(), flow.expires_at);
        return Ok(Outcome::SecondFactorRequired(app.required(
            (flow.id, account),
            shown,
            &factors,
            app.clock.now(),
        )?));
    };
    match check(app, client, &owner, &flow, factor).await? {
        Some(outcome) => Ok(outcome),
        None => reset(true).await.map(told),
    }
}

/// Checks the second factor. `None` if it is right.
async fn check(
    app: &App,
    client: &Client,
    owner: &Account,
    flow: &Flow,
    factor: FactorInput,
) -> Result<Option<Outcome>, Error> {
    let now = app.clock.now();
    let tried = app.db.run(async |connection| take_factor_try(connection, flow.id, now).await).await?;
    let Some(tries_left) = tried else { return Ok(Some(Outcome::Expired)) };
    let owner = FactorOwner { account: owner, session: None, flow: Some(flow.id), known: &[KnownBy::Mail] };
    let kind = factor.method();
    Ok(match app.check_factor_in_flow(client, &owner, factor, (flow.id, tries_left)).await? {
        FactorInFlow::Right => None,
        FactorInFlow::Wrong(tries_left) => Some(Outcome::WrongFactor(kind, tries_left)),
        FactorInFlow::Limited(retry_after) => Some(Outcome::Limited(retry_after)),
    })
}

async fn reset(
    app: &App,
    client: &Client,
    (flow, account): (&Flow, AccountId),
    new: &PasswordHash,
    factor_shown: bool,
) -> Result<ResetOutcome, Error> {
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let mail = &notice(app, client, flow, account, now)?;
    let reset = Reset { flow: flow.id, account, email: &flow.email, new, mail, factor_shown, client };
    let outcome = app.db.run(async |connection| reset_password(connection, &reset, now).await).await;
    drop(turn);
    if !matches!(outcome, Ok(ResetOutcome::LacksFactor(..))) {
        app.all_ended(account);
    }
    outcome
}

fn told(outcome: ResetOutcome) -> Outcome {
    match outcome {
        ResetOutcome::Done(ending) => {
            telemetry::record_account(ending.account);
            Outcome::Success(ending)
        }
        // The account got its factor, or its address was proven, after the first look.
        ResetOutcome::LacksFactor(..) | ResetOutcome::Over => Outcome::Expired,
    }
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
