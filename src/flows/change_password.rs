//! Changing a password.

use crate::accounts;
use crate::app::{App, SignedIn};
use crate::error::{Error, Reason};
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
}

/// How often the change starts over when the account's hash was replaced while the password was being compared.
const ATTEMPTS: usize = 3;

/// Replaces the caller's password, if `current` is it, and ends all the caller's sessions but the one that asks.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the password may have been changed or not.
pub async fn change_password(app: &App, caller: &SignedIn, current: String, new: String) -> Result<Outcome, Error> {
    let account = caller.account();
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    // Longer than any password: nobody's, but it takes as long to say so.
    let (current, possible) = match Password::new(current) {
        Some(current) => (current, true),
        None => (Password::empty(), false),
    };
    for _ in 0..ATTEMPTS {
        let old = app.db.run(async |connection| accounts::store::find_hash(connection, account.id).await).await?;
        let Some(old) = old.filter(|_| possible) else {
            app.passwords.verify(current, None).await?;
            return Ok(Outcome::InvalidCredentials);
        };
        let Verdict::Right { .. } = app.passwords.verify(current.clone(), Some(old.clone())).await? else {
            return Ok(Outcome::InvalidCredentials);
        };
        let context = passwords::first_guesses(&account.email, account.username.as_deref());
        let hash = match app.passwords.hash(new.clone(), context).await? {
            Ok(hash) => hash,
            Err(weakness) => return Ok(Outcome::Weak(weakness)),
        };
        let now = app.clock.now();
        let change = Change { account: account.id, old: &old, new: &hash, kept: caller.session() };
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
