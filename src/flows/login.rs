//! Signing in with a password.

use crate::accounts::{self, Identifier};
use crate::app::{App, SignIn};
use crate::error::Error;
use crate::passwords::{Password, Verdict};
use crate::sessions::store::Verified;
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

/// How often a login starts over when the account's hash was replaced while its password was being compared.
const ATTEMPTS: usize = 3;

/// Opens a session for whoever knows the password of the account with this e-mail address or username.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
pub async fn login(app: &App, client: Client, identifier: &str, password: String) -> Result<Outcome, Error> {
    let identifier = Identifier::parse(identifier);
    let password = Password::new(password);
    for _ in 0..ATTEMPTS {
        let found = match &identifier {
            Some(identifier) => {
                app.db.run(async |connection| accounts::store::find(connection, identifier).await).await?
            }
            None => None,
        };
        // Longer than any password: nobody's, but it takes as long to say so.
        let (password, found) = match &password {
            Some(password) => (password.clone(), found),
            None => (Password::empty(), None),
        };
        let (account, hash) = found.unzip();
        let verdict = app.passwords.verify(password, hash.clone()).await?;
        let (Some(account), Some(hash), Verdict::Right { stronger }) = (account, hash, verdict) else {
            return Ok(Outcome::InvalidCredentials);
        };
        if !account.is_enabled() {
            return Ok(Outcome::InvalidCredentials);
        }
        let now = app.clock.now();
        let new = app.new_session(client.clone(), now);
        let verified = Verified { account: account.id, hash, stronger };
        let opened = app.db.run(async |connection| sessions::store::open(connection, &verified, new).await).await?;
        if let Some(session) = opened {
            telemetry::record_account(account.id);
            return Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?)));
        }
    }
    Ok(Outcome::InvalidCredentials)
}
