//! Registering an account.

use std::time::Duration;

use crate::accounts::{self, NameTaken, NewAccount};
use crate::app::{App, SignIn};
use crate::client::Client;
use crate::clock::new_id;
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::{Decision, Refusal};
use crate::passwords::{FirstGuesses, Weakness};
use crate::sessions::{self, Method};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::{DeviceToken, SignInTimes};

pub(crate) use crate::accounts::{Fault, Registration};

/// The outcome of a registration.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account was created and is signed in. The token is the device's.
    Success(Box<SignIn>, PlainToken),
    /// Another account has the e-mail address or the username.
    Taken(NameTaken),
    /// These parts are not valid. The strength of the password was not checked.
    Invalid(Vec<Fault>),
    /// The password is easily guessed. The rest is valid.
    Weak(Weakness),
    /// There were too many registrations. The time says when to try again.
    Limited(Duration),
    /// Registration is closed.
    Closed,
}

/// Creates an account and opens its first session.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the
/// account may exist or not.
pub(crate) async fn register(app: &App, client: Client, typed: Registration) -> Result<Outcome, Error> {
    if !app.config.limits.open_registration {
        return Ok(Outcome::Closed);
    }
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(&client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let context = FirstGuesses::new(&typed.email, typed.username.as_deref());
    // These checks cost next to nothing. The rest is only done if it can still succeed.
    let (email, username, password) = match typed.read() {
        Ok(parts) => parts,
        Err(faults) => return Ok(Outcome::Invalid(faults)),
    };
    let permit = app.passwords.permit()?;
    // This saves a hash. The statement below decides, because names may be taken in between. The answer reveals
    // whether there is such an account, if only by the time that the hash takes. So the attempt counts, whatever its
    // outcome is.
    let attempt = app.limits.register(&client, now);
    let (limit, taken) = app
        .db
        .run(async |connection| accounts::store::find_taken(connection, &email, username.as_ref(), &attempt).await)
        .await?;
    if let Decision::Refused(Refusal { retry_after, .. }) = limit {
        return Ok(Outcome::Limited(retry_after));
    }
    if let Some(taken) = taken {
        return Ok(Outcome::Taken(taken));
    }
    let hash = match permit.hash(password, context).await? {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Outcome::Weak(weakness)),
    };
    drop(permit);
    let now = app.clock.now();
    let account = NewAccount {
        id: AccountId(new_id(now)),
        email,
        email_verified_at: None,
        username,
        password: Some(hash),
        created_at: now,
    };
    let session = app.new_session(client, vec![Method::Password], now);
    let opened =
        app.db.run(async |connection| sessions::store::open_with_account(connection, account, session).await).await?;
    match opened {
        Ok((account, session)) => {
            telemetry::record_account(account.id);
            let times = SignInTimes { password_of: account.created_at, now };
            let device = DeviceToken::new(account.id, times).mint(&app.keys.current());
            Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device))
        }
        Err(taken) => Ok(Outcome::Taken(taken)),
    }
}
