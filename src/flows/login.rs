//! Signing in with a password.

use crate::accounts::{self, Identifier};
use crate::app::{App, SignIn};
use crate::error::Error;
use crate::passwords::{Password, Verdict};
use crate::sessions::{self, Client};
use crate::telemetry;

/// How a login ends.
#[derive(Debug)]
pub enum Outcome {
    /// Signed in.
    Success(Box<SignIn>),
    /// No such account, not its password, or an account that is disabled: not told apart, and equally slow.
    InvalidCredentials,
}

/// Opens a session for whoever knows the password of the account with this e-mail address or username.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
pub async fn login(app: &App, client: Client, identifier: &str, password: String) -> Result<Outcome, Error> {
    let identifier = Identifier::parse(identifier);
    let found = match &identifier {
        Some(identifier) => app.db.run(async |connection| accounts::store::find(connection, identifier).await).await?,
        None => None,
    };
    // Longer than any password: nobody's, but it takes as long to say so.
    let (password, found) = match Password::new(password) {
        Some(password) => (password, found),
        None => (Password::empty(), None),
    };
    let (account, hash) = found.unzip();
    let verdict = app.passwords.verify(password, hash.clone()).await?;
    let (Some(account), Some(mut hash), Verdict::Right { stronger }) = (account, hash, verdict) else {
        return Ok(Outcome::InvalidCredentials);
    };
    let now = app.clock.now();
    let new = app.new_session(client, now);
    let opened = app
        .db
        .run(async |connection| {
            // Once for an account, after the cost was raised.
            if let Some(stronger) = stronger {
                let replaced = accounts::store::replace_password_hash(connection, account.id, &hash, &stronger).await?;
                if replaced {
                    hash = stronger;
                }
            }
            sessions::store::open(connection, account.id, &hash, &new).await
        })
        .await?;
    match opened {
        Some(session) => {
            telemetry::record_account(account.id);
            Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?)))
        }
        None => Ok(Outcome::InvalidCredentials),
    }
}
