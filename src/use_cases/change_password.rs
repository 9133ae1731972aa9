//! Changing the caller's password.

use std::time::Duration;

use crate::app::{Acted, App, Caller, Checked, Confirmed, SignedIn};
use crate::audit::Kind;
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::passwords::{self, BadPassword, FirstGuesses, Password, Weakness};
use crate::sessions::Ending;
use crate::sessions::store::{self, Asking, Change, Changed};

/// The outcome of a change of the password.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The password was changed, and all other sessions of the account have ended.
    Success(Ending),
    /// The current password is wrong.
    InvalidCredentials,
    /// The new password is too short or too long.
    Invalid(BadPassword),
    /// The new password is easily guessed.
    Weak(Weakness),
    /// Passwords were tried too often. The time says when to try again.
    Limited(Duration),
}

/// Replaces the caller's password if `current` is right, and ends all of the caller's sessions except the one that
/// asks.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the password may have been changed or not.
pub(crate) async fn change_password(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    current: String,
    new: String,
) -> Result<Outcome, Error> {
    let new = match passwords::check(new) {
        Ok(new) => new,
        Err(fault) => return Ok(Outcome::Invalid(fault)),
    };
    let subject = Caller::new(app, caller, Kind::PasswordChangeFailed);
    let replace = |confirmed| replace(app, client, caller, confirmed, new.clone());
    Ok(match app.check_password(client, &subject, Password::new(current), replace).await? {
        Checked::Right(outcome) => outcome,
        Checked::Wrong => Outcome::InvalidCredentials,
        Checked::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

/// Replaces the current password, unless it was replaced in the meantime.
async fn replace(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    Confirmed { password, permit, .. }: Confirmed,
    new: Password,
) -> Result<Acted<Outcome>, Error> {
    let account = caller.account();
    // The strength of the new password is checked only now. That costs as much as a hash, and the limits bound only
    // the hashes of somebody who does not know the password.
    let context = FirstGuesses::new(&account.email, account.username.as_deref());
    let new = match permit.hash(new, context).await? {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Acted::Done(Outcome::Weak(weakness))),
    };
    drop(permit);
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let asking = Asking { account: account.id, by: caller.session(), client };
    let change = Change { old: &password.hash, new: &new, asking };
    let at = app.active_at(now);
    let changed = app.db.run(async |connection| store::change_password(connection, &change, at).await).await?;
    drop(turn);
    match changed {
        Changed::Done(ending) => {
            app.all_ended(account.id);
            Ok(Acted::Done(Outcome::Success(ending)))
        }
        Changed::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
        Changed::OtherHash => Ok(Acted::Replaced),
    }
}
