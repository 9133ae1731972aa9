//! Proving again, in a session, who one is.

use std::time::Duration;

use serde_json::Value;

use crate::accounts::Account;
use crate::app::{
    Acted, App, Caller, Checked, CheckedFactor, CheckedPasskey, Confirmed, FactorInput, FactorOwner, PasskeyHolder,
    SignedIn, WaysToProve, fresh_until,
};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::limits::KnownBy;
use crate::passwords::{Password, PasswordHash};
use crate::sessions::store::{self, AcceptedPasskey, Asking, ProvedAgain, prove_by_passkey};
use crate::sessions::{Method, Session};
use crate::tokens::PlainToken;

/// What the caller proves who they are with. Never print it.
pub(crate) enum Factor {
    /// The password.
    Password(String),
    /// A code of the authenticator app.
    Totp(String),
    /// What a client answers with a passkey.
    Passkey(Value),
}

/// The outcome of a proof.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The session's owner has proved who they are.
    Success(Fresh),
    /// The password is wrong, or the account has none.
    InvalidCredentials,
    /// The password is right, and not enough: the account has a second factor, and this session has not shown one. By one of these ways
    /// it can be proved.
    LacksFactor(WaysToProve),
    /// The code is wrong or was used before, or the account has no app. So many more may be tried.
    WrongCode(i32),
    /// The passkey is not the account's, its signature is wrong, its challenge is over or was answered before, or it is refused because
    /// there may be a copy.
    InvalidPasskey,
    /// It was tried too often. The time says when to try again.
    Limited(Duration),
}

/// A session whose owner has just proved who they are. Its refresh token stays as it is.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// An access token that says so.
    pub(crate) access: PlainToken,
    /// When that expires.
    pub(crate) access_expires_at: Timestamp,
    /// Until when the session is fresh.
    pub(crate) until: Timestamp,
}

/// Notes that the caller proved who they are, if the factor is right.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Disabled`] when a passkey is shown where there are none;
/// [`Error::Unauthenticated`] when the session ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn reauthenticate(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    factor: Factor,
) -> Result<Outcome, Error> {
    match factor {
        Factor::Password(password) => by_password(app, client, caller, password).await,
        Factor::Totp(code) => by_totp(app, client, caller, code).await,
        Factor::Passkey(answer) => by_passkey(app, client, caller, &answer).await,
    }
}

async fn by_password(app: &App, client: &Client, caller: &SignedIn, password: String) -> Result<Outcome, Error> {
    let subject = Caller::new(app, caller, Kind::ReauthenticationFailed);
    let prove = async |Confirmed { account, password, permit, .. }: Confirmed| {
        drop(permit);
        Ok(match prove(app, client, caller, &account, Some(&password.hash), Method::Password).await? {
            Proof::Done(fresh) => Acted::Done(Some(fresh)),
            Proof::LacksFactor => Acted::Done(None),
            Proof::Replaced => Acted::Replaced,
        })
    };
    Ok(match app.check_password(client, &subject, Password::new(password), prove).await? {
        Checked::Right(Some(fresh)) => Outcome::Success(fresh),
        Checked::Right(None) => Outcome::LacksFactor(app.ways_to_prove(caller).await?),
        Checked::Wrong => Outcome::InvalidCredentials,
        Checked::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

async fn by_totp(app: &App, client: &Client, caller: &SignedIn, code: String) -> Result<Outcome, Error> {
    let (account, session) = (caller.account(), caller.session());
    let owner = FactorOwner { account, session: Some(session), flow: None, known: &[KnownBy::Session] };
    Ok(match app.check_factor(client, &owner, FactorInput::Totp(code)).await? {
        CheckedFactor::Right(method) => match prove(app, client, caller, account, None, method).await? {
            Proof::Done(fresh) => Outcome::Success(fresh),
            Proof::LacksFactor | Proof::Replaced => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
        },
        CheckedFactor::Wrong { tries_left } => Outcome::WrongCode(tries_left.unwrap_or_default()),
        CheckedFactor::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

async fn by_passkey(app: &App, client: &Client, caller: &SignedIn, answer: &Value) -> Result<Outcome, Error> {
    let holder = PasskeyHolder::Caller(caller);
    let confirmed = match app.check_passkey(client, answer, holder).await? {
        CheckedPasskey::Right(confirmed) => confirmed,
        CheckedPasskey::Wrong | CheckedPasskey::Expired => return Ok(Outcome::InvalidPasskey),
        CheckedPasskey::Limited(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let turn = app.turn(confirmed.account.id).await?;
    let now = app.clock.now();
    let asking = Asking { account: confirmed.account.id, by: caller.session(), client };
    let (shown, mail, at) = (&confirmed.shown, &confirmed.refused(app, client, now)?, app.active_at(now));
    let proven = app.db.run(async |connection| prove_by_passkey(connection, &asking, shown, mail, at).await).await?;
    drop(turn);
    match proven {
        Some(AcceptedPasskey::Done(session)) => {
            let fresh = fresh(app, &confirmed.account, &session, now)?;
            confirmed.succeed();
            Ok(Outcome::Success(fresh))
        }
        Some(AcceptedPasskey::Answered | AcceptedPasskey::CountFell | AcceptedPasskey::Gone) => {
            confirmed.fail(client, holder);
            Ok(Outcome::InvalidPasskey)
        }
        None => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}

/// What came of a right password or code.
enum Proof {
    Done(Fresh),
    LacksFactor,
    /// The account is disabled or gone, or the password that was compared was replaced in the meantime.
    Replaced,
}

/// Notes the proof.
async fn prove(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    account: &Account,
    hash: Option<&PasswordHash>,
    method: Method,
) -> Result<Proof, Error> {
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let asking = Asking { account: account.id, by: caller.session(), client };
    let at = app.active_at(now);
    let proven = app.db.run(async |connection| store::prove_again(connection, &asking, hash, method, at).await).await?;
    drop(turn);
    let session = match proven {
        ProvedAgain::Done(session) => session,
        ProvedAgain::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
        ProvedAgain::LacksFactor => return Ok(Proof::LacksFactor),
        ProvedAgain::OtherHash => return Ok(Proof::Replaced),
    };
    fresh(app, account, &session, now).map(Proof::Done)
}

/// A new access token of a session whose owner has just proved who they are.
fn fresh(app: &App, account: &Account, session: &Session, now: Timestamp) -> Result<Fresh, Error> {
    let (access, access_expires_at) = app.access_tokens.mint(&app.keys.current(), account, session, now)?;
    Ok(Fresh { access, access_expires_at, until: fresh_until(session) })
}
