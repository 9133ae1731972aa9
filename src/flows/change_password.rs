//! Changing a password.

use std::time::Duration;

use crate::accounts;
use crate::app::{App, SignedIn};
use crate::audit::Kind;
use crate::audit::store::{Occurrence, record};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::limits::{Attempt, Taken, Verdict as Limit};
use crate::passwords::{self, BadPassword, Password, Verdict, Weakness};
use crate::sessions::SessionId;
use crate::sessions::store::{self, Change, Changed};

/// How a change of the password ends.
#[derive(Debug)]
pub enum Outcome {
    /// The new password is the account's, and all its other sessions, these, have ended.
    Success(Vec<SessionId>),
    /// That is not the current password.
    InvalidCredentials,
    /// The new password is too short or too long.
    Invalid(BadPassword),
    /// The new password is easily guessed.
    Weak(Weakness),
    /// Passwords were tried too often. When to try again.
    Limited(Duration),
}

/// How often the change starts over when the account's hash was replaced while the password was being compared.
const ATTEMPTS: usize = 3;

/// Replaces the caller's password, if `current` is it, and ends all the caller's sessions but the one that asks.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the password may have been changed or not.
pub async fn change_password(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    current: String,
    new: String,
) -> Result<Outcome, Error> {
    let (account, now) = (caller.account(), app.clock.now());
    if let Err(retry_after) = app.limits.known(account.id.0.as_bytes(), now) {
        return Ok(Outcome::Limited(retry_after));
    }
    app.passwords.ready()?;
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    // Longer than any password: nobody's, but it takes as long to say so.
    let (current, possible) = match Password::new(current) {
        Some(current) => (current, true),
        None => (Password::empty(), false),
    };
    let mut attempt = app.limits.change_password(caller.session().0.as_bytes(), now);
    let mut charge = app.charge(Taken::default());
    for _ in 0..ATTEMPTS {
        let find = async |connection: &mut _| accounts::store::find_hash(connection, account.id, &attempt).await;
        let (limit, old) = app.db.run(find).await?;
        match limit {
            Limit::Allowed(taken) if !taken.is_nothing() => charge = app.charge(taken),
            Limit::Allowed(_) => {}
            Limit::Refused { retry_after, .. } => {
                let session = caller.session();
                app.note_limit(client, session.0.as_bytes(), (Some(account.id), Some(session)), now).await?;
                return Ok(Outcome::Limited(retry_after));
            }
        }
        attempt = Attempt::free(now);
        let old = old.filter(|_| possible);
        let Verdict::Right { .. } = app.passwords.verify(current.clone(), old.clone()).await? else {
            charge.keep();
            note_failure(app, client, caller, now).await?;
            return Ok(Outcome::InvalidCredentials);
        };
        let Some(old) = old else { return Ok(Outcome::InvalidCredentials) };
        let context = passwords::first_guesses(&account.email, account.username.as_deref());
        let hash = match app.passwords.hash(new.clone(), context).await? {
            Ok(hash) => hash,
            Err(weakness) => return Ok(Outcome::Weak(weakness)),
        };
        let now = app.clock.now();
        let change = Change { account: account.id, old: &old, new: &hash, kept: caller.session(), client };
        match app.db.run(async |connection| store::change_password(connection, &change, now).await).await? {
            Changed::Done { ended } => {
                app.viewers.forget_sessions(&ended);
                return Ok(Outcome::Success(ended));
            }
            Changed::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
            Changed::OtherHash => {}
        }
    }
    Ok(Outcome::InvalidCredentials)
}

/// The session's limit bounds how many there are.
async fn note_failure(app: &App, client: &Client, caller: &SignedIn, now: Timestamp) -> Result<(), Error> {
    let occurrence = Occurrence::new(Kind::PasswordChangeFailed, client, now);
    let (of, unbounded) = ((Some(caller.account().id), Some(caller.session())), Attempt::free(now));
    app.db.run(async |connection| record(connection, &occurrence, of, &unbounded).await).await
}
