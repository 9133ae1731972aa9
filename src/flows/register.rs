//! Making an account.

use std::time::Duration;

use crate::accounts::{self, AccountId, BadUsername, EmailAddress, NewAccount, Taken, Username};
use crate::app::{App, SignIn};
use crate::client::Client;
use crate::clock::new_id;
use crate::error::Error;
use crate::limits::Verdict;
use crate::passwords::{self, BadPassword, Password, Weakness};
use crate::sessions;
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::DeviceToken;

/// What somebody types to register. Not to be printed: it holds the password.
pub struct Registration {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The username, if one is wanted.
    pub username: Option<String>,
}

/// How a registration ends.
#[derive(Debug)]
pub enum Outcome {
    /// The account exists, and is signed in; and the token of the device.
    Success(Box<SignIn>, PlainToken),
    /// Somebody else has the e-mail address or the username.
    Taken(Taken),
    /// These parts can't be taken.
    Invalid(Vec<Fault>),
    /// Everything is in order but the password, which is easily guessed.
    Weak(Weakness),
    /// There were too many registrations. When to try again.
    Limited(Duration),
    /// Nobody may register.
    Closed,
}

/// What is wrong with one part of a registration.
#[derive(Debug)]
pub enum Fault {
    /// Not an e-mail address.
    Email,
    /// Not a username.
    Username(BadUsername),
    /// Too short or too long a password.
    Password(BadPassword),
    /// An easily guessed password, beside other faults.
    WeakPassword,
}

/// Makes an account and opens its first session.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the
/// account may exist or not.
pub async fn register(app: &App, client: Client, typed: Registration) -> Result<Outcome, Error> {
    if !app.config.limits.open_registration {
        return Ok(Outcome::Closed);
    }
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(&client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    app.passwords.ready()?;
    let context = passwords::first_guesses(&typed.email, typed.username.as_deref());
    let (email, username, password) = match read(typed) {
        Ok(parts) => parts,
        Err((mut faults, password)) => {
            if let Some(password) = password
                && app.passwords.weakness(password, context).await?.is_some()
            {
                faults.push(Fault::WeakPassword);
            }
            return Ok(Outcome::Invalid(faults));
        }
    };
    // Spares a hash; what happens in between, the statement below decides.
    let attempt = app.limits.register(&client, now);
    let (limit, taken) = app
        .db
        .run(async |connection| accounts::store::find_taken(connection, &email, username.as_ref(), &attempt).await)
        .await?;
    let charge = match limit {
        Verdict::Allowed(taken) => app.charge(taken),
        Verdict::Refused { retry_after, .. } => return Ok(Outcome::Limited(retry_after)),
    };
    if let Some(taken) = taken {
        charge.keep();
        return Ok(Outcome::Taken(taken));
    }
    let hashed = app.passwords.hash(password, context).await?;
    charge.keep();
    let password_hash = match hashed {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Outcome::Weak(weakness)),
    };
    let now = app.clock.now();
    let account = NewAccount { id: AccountId(new_id(now)), email, username, password_hash, created_at: now };
    let session = app.new_session(client, now);
    let opened =
        app.db.run(async |connection| sessions::store::open_with_account(connection, account, session).await).await?;
    match opened {
        Ok((account, session)) => {
            telemetry::record_account(account.id);
            let device = DeviceToken::new(account.id).mint(&app.keys.current());
            Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device))
        }
        Err(taken) => Ok(Outcome::Taken(taken)),
    }
}

type Parts = (EmailAddress, Option<Username>, Password);

/// Reads all parts, or tells every fault there is, with the password if that is not at fault.
fn read(typed: Registration) -> Result<Parts, (Vec<Fault>, Option<Password>)> {
    let email = EmailAddress::parse(&typed.email).map_err(|_| Fault::Email);
    let username = typed.username.as_deref().map(Username::parse).transpose().map_err(Fault::Username);
    let password = passwords::check(typed.password).map_err(Fault::Password);
    match (email, username, password) {
        (Ok(email), Ok(username), Ok(password)) => Ok((email, username, password)),
        (email, username, password) => {
            let (password, bad_password) = match password {
                Ok(password) => (Some(password), None),
                Err(fault) => (None, Some(fault)),
            };
            let faults = [email.err(), username.err(), bad_password];
            Err((faults.into_iter().flatten().collect(), password))
        }
    }
}
