//! Signing in with a password.

use std::time::Duration;

use crate::accounts::{self, Account, AccountId, Identifier};
use crate::app::{App, Charge, SignIn};
use crate::audit::Kind;
use crate::audit::store::{Occurrence, record};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::limits::{Attempt, Verdict as Limit};
use crate::passwords::{Password, PasswordHash, Verdict};
use crate::sessions;
use crate::sessions::store::Verified;
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
    app.passwords.ready()?;
    let identifier = Identifier::parse(&typed.identifier);
    let name = identifier.as_ref().map_or(typed.identifier, Identifier::folded);
    let device = typed.device_token.and_then(|token| DeviceToken::verify(&app.keys.current(), &token));
    let password = Password::new(typed.password);
    let asking = Asking { app, client: &client, identifier: identifier.as_ref(), name: &name };
    let (charge, mut found) = match asking.admit(device, now).await? {
        Ok(admitted) => admitted,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    for _ in 0..ATTEMPTS {
        let account = id(&found);
        let Some(right) = compare(app, password.as_ref(), found).await? else {
            let is_attacked = charge.is_attacked();
            charge.keep();
            asking.note_failure(account, now).await?;
            if is_attacked {
                app.note_limit(&client, name.as_bytes(), (account, None), now).await?;
            }
            return Ok(Outcome::InvalidCredentials);
        };
        if let Some(success) = open(app, &client, right, device).await? {
            return Ok(success);
        }
        found = asking.find(&Attempt::free(now)).await?.1;
    }
    Ok(Outcome::InvalidCredentials)
}

/// An account and the hash of its password.
type Found = Option<(Account, PasswordHash)>;

fn id(found: &Found) -> Option<AccountId> {
    found.as_ref().map(|(account, _)| account.id)
}

/// Who asks for what.
struct Asking<'a> {
    app: &'a App,
    client: &'a Client,
    identifier: Option<&'a Identifier>,
    /// What attempts are counted by, whether it can be an identifier or not.
    name: &'a str,
}

impl Asking<'_> {
    async fn find(&self, attempt: &Attempt) -> Result<(Limit, Found), Error> {
        self.app.db.run(async |connection| accounts::store::find(connection, self.identifier, attempt).await).await
    }

    /// Finds the account, and whether the password may be compared: on a device that has signed in to it before, as often as that
    /// device may, and there as elsewhere as often as anybody may.
    async fn admit(&self, device: Option<DeviceToken>, now: Timestamp) -> Result<Admitted, Error> {
        let limits = &self.app.limits;
        if let Some(device) = device.filter(|device| limits.known(device.account.0.as_bytes(), now).is_ok()) {
            let attempt = limits.login_on_device(device.account.0.as_bytes(), &device.identity(), now);
            let (limit, found) = self.find(&attempt).await?;
            if let Limit::Allowed(taken) = limit {
                let charge = self.app.charge(taken);
                if id(&found) == Some(device.account) {
                    return Ok(Ok((charge, found)));
                }
            }
        }
        if let Err(retry_after) = limits.attempt(self.client, now) {
            return Ok(Err(retry_after));
        }
        let (limit, found) = self.find(&limits.login(self.client, self.name, now)).await?;
        match limit {
            Limit::Allowed(taken) => Ok(Ok((self.app.charge(taken), found))),
            Limit::Refused { retry_after, of_account } => {
                if of_account {
                    self.app.note_limit(self.client, self.name.as_bytes(), (id(&found), None), now).await?;
                }
                Ok(Err(retry_after))
            }
        }
    }

    async fn note_failure(&self, account: Option<AccountId>, now: Timestamp) -> Result<(), Error> {
        let throttle = self.app.limits.failure(self.client, self.name, account.is_some(), now);
        let occurrence = Occurrence::new(Kind::LoginFailed, self.client, now);
        self.app.db.run(async |connection| record(connection, &occurrence, (account, None), &throttle).await).await
    }
}

/// The account, if the password may be compared; else when to try again.
type Admitted = Result<(Charge, Found), Duration>;

/// An account whose password it was.
struct Right {
    account: Account,
    verified: Verified,
}

/// Compares the password: `None` unless it is that of an account that is enabled. Takes equally long for all that it refuses.
async fn compare(app: &App, password: Option<&Password>, found: Found) -> Result<Option<Right>, Error> {
    // Longer than any password: nobody's, but it takes as long to say so.
    let (password, found) = match password {
        Some(password) => (password.clone(), found),
        None => (Password::empty(), None),
    };
    let (account, hash) = found.unzip();
    let verdict = app.passwords.verify(password, hash.clone()).await?;
    Ok(match (account, hash, verdict) {
        (Some(account), Some(hash), Verdict::Right { stronger }) if account.is_enabled() => {
            let verified = Verified { account: account.id, hash, stronger };
            Some(Right { account, verified })
        }
        _ => None,
    })
}

/// Opens the session, unless the account was changed meanwhile.
async fn open(
    app: &App,
    client: &Client,
    Right { account, verified }: Right,
    device: Option<DeviceToken>,
) -> Result<Option<Outcome>, Error> {
    let now = app.clock.now();
    let new = app.new_session(client.clone(), now);
    let opened = app.db.run(async |connection| sessions::store::open(connection, &verified, new).await).await?;
    let Some(session) = opened else { return Ok(None) };
    telemetry::record_account(account.id);
    let known = device.filter(|device| device.account == account.id);
    let device = known.unwrap_or_else(|| DeviceToken::new(account.id)).mint(&app.keys.current());
    Ok(Some(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device)))
}
