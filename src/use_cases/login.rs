//! Signing in with a password.

use std::time::Duration;

use crate::accounts::store::Found;
use crate::accounts::{self, Identifier};
use crate::app::{self, Admission, App, Failure, Proof, Refused, SignIn, Trial};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::limits::{Attempt, Refusal};
use crate::passwords::{Password, PasswordHash};
use crate::sessions;
use crate::sessions::store::{Bound, OpenedSession, Verified};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::DeviceToken;

/// What somebody types to sign in. Not to be printed: it holds the password.
pub struct Login {
    /// The e-mail address or username.
    pub identifier: String,
    /// The password.
    pub password: String,
    /// What the device got when it signed in before.
    pub device_token: Option<String>,
}

/// How a login ends.
#[derive(Debug)]
pub enum Outcome {
    /// Signed in, and the token of the device.
    Success(Box<SignIn>, PlainToken),
    /// No such account, not its password, or an account that is disabled: not told apart, and equally slow.
    InvalidCredentials,
    /// Passwords were tried too often. When to try again.
    Limited(Duration),
}

/// How often a login starts over when the account's hash was replaced while its password was being compared.
const ATTEMPTS: usize = 3;

/// Opens a session for whoever knows the password of the account with this e-mail address or username.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
pub async fn login(app: &App, client: Client, typed: Login) -> Result<Outcome, Error> {
    let now = app.clock.now();
    let identifier = Identifier::parse(&typed.identifier);
    let to_log = app.identifier_to_log(&typed.identifier);
    let log = |outcome| app::log_failed(Kind::LoginFailed, outcome, &client, to_log.as_deref());
    let name = identifier.as_ref().map_or(typed.identifier, Identifier::folded);
    let device = typed.device_token.and_then(|token| DeviceToken::verify(&app.keys.current(), &token));
    let device = device.filter(|device| device.is_alive(now));
    let password = Password::new(typed.password);
    let asking =
        Asking { app, client: &client, identifier: identifier.as_ref(), name: &name, to_log: to_log.as_deref(), now };
    let (mut admission, mut found) = match asking.admit(device).await? {
        Ok(admitted) => admitted,
        Err((retry_after, refused)) => {
            log(refused);
            return Ok(Outcome::Limited(retry_after));
        }
    };
    for _ in 0..ATTEMPTS {
        let trial = asking.trial(password.clone(), found.as_ref());
        let Some(proof) = app.try_password(admission, trial).await? else { return Ok(Outcome::InvalidCredentials) };
        let Some(right) = found else { return Ok(Outcome::InvalidCredentials) };
        let Proof { place, charge, stronger } = proof;
        // Others may hash while this one waits for the account's row.
        drop(place);
        if let Some(success) = open(app, &client, right, stronger, device).await? {
            return Ok(success);
        }
        admission = app.readmit(charge)?;
        found = asking.find().await?;
    }
    log(Refused::InvalidCredentials);
    Ok(Outcome::InvalidCredentials)
}

/// Who asks for what.
struct Asking<'a> {
    app: &'a App,
    client: &'a Client,
    identifier: Option<&'a Identifier>,
    /// What attempts are counted by, whether it can be an identifier or not.
    name: &'a str,
    /// The identifier as the log may tell it.
    to_log: Option<&'a str>,
    now: Timestamp,
}

/// The account, if the password may be compared; else when to try again, and why not now.
type Admitted = Result<(Admission, Option<Found>), (Duration, Refused)>;

impl Asking<'_> {
    /// The account as it is now.
    async fn find(&self) -> Result<Option<Found>, Error> {
        let free = Attempt::free(self.now);
        let found = self.app.db.run(async |connection| accounts::store::find(connection, self.identifier, &free).await);
        Ok(found.await?.1)
    }

    /// The same, and whether its password may be compared.
    async fn enter(&self, attempt: &Attempt) -> Result<(Result<Admission, Refusal>, Option<Found>), Error> {
        let found = self.app.enter(self.client, attempt, |db, attempt| {
            let identifier = self.identifier.cloned();
            async move {
                db.run(async |connection| accounts::store::find(connection, identifier.as_ref(), &attempt).await).await
            }
        });
        found.await
    }

    /// Finds the account, and whether the password may be compared: on a device that has signed in to it before, as often as that
    /// device may, and there as elsewhere as often as anybody may.
    async fn admit(&self, device: Option<DeviceToken>) -> Result<Admitted, Error> {
        let (limits, now) = (&self.app.limits, self.now);
        if let Some(device) =
            device.filter(|device| limits.on_device(device.account.0.as_bytes(), &device.identity(), now).is_ok())
        {
            let attempt = limits.login_on_device(device.account.0.as_bytes(), &device.identity(), self.name, now);
            let (admitted, found) = self.enter(&attempt).await?;
            if let Ok(admission) = admitted {
                if found.as_ref().is_some_and(|found| device.is_of(found.account.id, found.password_of)) {
                    return Ok(Ok((admission, found)));
                }
                admission.withdraw();
            }
        }
        if let Err(retry_after) = limits.attempt(self.client, now) {
            return Ok(Err((retry_after, Refused::RateLimited)));
        }
        let (admitted, found) = self.enter(&limits.login(self.client, self.name, now)).await?;
        match admitted {
            Ok(admission) => Ok(Ok((admission, found))),
            Err(refusal) => {
                if refusal.of_account && refusal.of_guesses {
                    let of = (found.map(|found| found.account.id), None);
                    self.app.charges().note_limit(self.client, self.name.as_bytes(), of, now).await?;
                }
                Ok(Err((refusal.retry_after, Refused::from(&refusal))))
            }
        }
    }

    /// What is to be compared. Of an account that is disabled no password is right, and it takes as long to say so.
    fn trial(&self, password: Option<Password>, found: Option<&Found>) -> Trial {
        let hash = found.filter(|found| found.account.is_enabled()).map(|found| found.hash.clone());
        let failure = Failure {
            kind: Kind::LoginFailed,
            client: self.client.clone(),
            identifier: self.to_log.map(str::to_owned),
            of: (found.map(|found| found.account.id), None),
            throttle: self.app.limits.failure(self.client, self.name, found.is_some(), self.now),
            name: self.name.as_bytes().to_vec(),
            at: self.now,
        };
        Trial { password, hash, failure }
    }
}

/// Opens the session, unless the account was changed meanwhile.
async fn open(
    app: &App,
    client: &Client,
    Found { account, hash, password_of }: Found,
    stronger: Option<PasswordHash>,
    device: Option<DeviceToken>,
) -> Result<Option<Outcome>, Error> {
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let new = app.new_session(client.clone(), now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let verified = Verified { account: account.id, hash, stronger };
    let opened = app.db.run(async |connection| sessions::store::open(connection, &verified, new, &bound).await).await?;
    drop(turn);
    let Some(OpenedSession { session, ended }) = opened else { return Ok(None) };
    app.session_cache.forget_sessions(&ended);
    telemetry::record_account(account.id);
    let device = match device.filter(|device| device.is_of(account.id, password_of)) {
        Some(known) => known.renewed(now),
        None => DeviceToken::new(account.id, password_of, now),
    };
    let device = device.mint(&app.keys.current());
    Ok(Some(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device)))
}
