//! Changing a password.

use std::time::Duration;

use crate::app::{self, App, SignedIn};
use crate::audit::Kind;
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::passwords::{self, BadPassword, FirstGuesses, Weakness};
use crate::sessions::Ending;
use crate::sessions::store::{self, Asking, Change, Changed};

/// How a change of the password ends.
#[derive(Debug)]
pub enum Outcome {
    /// The new password is the account's, and all its other sessions have ended.
    Success(Ending),
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
    let account = caller.account();
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    let mut confirmation = match app.confirm(client, caller, current, Kind::PasswordChangeFailed).await? {
        Ok(confirmation) => confirmation,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    for _ in 0..ATTEMPTS {
        let Some((confirmed, place)) = confirmation.compare().await? else { return Ok(Outcome::InvalidCredentials) };
        // The strength of the new one is looked at only now: that costs as much as a hash, and what somebody who does not know the
        // password may cost is bounded by what that takes.
        let context = FirstGuesses::new(&account.email, account.username.as_deref());
        let new = match place.hash(new.clone(), context).await? {
            Ok(hash) => hash,
            Err(weakness) => return Ok(Outcome::Weak(weakness)),
        };
        drop(place);
        let turn = app.turn(account.id).await?;
        let now = app.clock.now();
        let asking = Asking { account: account.id, by: caller.session(), client };
        let change = Change { old: confirmed.hash(), new: &new, asking };
        let changed = app.db.run(async |connection| store::change_password(connection, &change, now).await).await?;
        drop(turn);
        match changed {
            Changed::Done(ending) => {
                app.all_ended(account.id);
                return Ok(Outcome::Success(ending));
            }
            Changed::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
            Changed::OtherHash => confirmation = confirmed.again().await?,
        }
    }
    app::log_failed(Kind::PasswordChangeFailed, app::Refused::InvalidCredentials, client, None);
    Ok(Outcome::InvalidCredentials)
}
