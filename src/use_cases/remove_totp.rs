//! Removing the authenticator app of an account.

use std::time::Duration;

use crate::app::{App, FreshlySignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::mail;
use crate::sessions::store::Asking;
use crate::totp::store::{Removed, remove};

/// The outcome of a removal.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account has no app any more. This is said as well if it had none, because an answer may have been lost.
    Success,
    /// It is the last second factor of an account that needs one. Nothing was done.
    Needed,
    /// There were too many changes. The time says when to try again.
    Limited(Duration),
}

/// Removes the app, and the recovery codes if it was the last second factor. It never is the last way in, because a first factor comes
/// before it.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn remove_totp(app: &App, client: &Client, fresh: &FreshlySignedIn) -> Result<Outcome, Error> {
    let account = match app.charge_factor_change(fresh).await? {
        Ok(account) => account,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let now = app.clock.now();
    let mail = &app.notice((mail::Kind::TotpRemoved, None), &account, client, now)?;
    let asking = Asking { account: account.id, by: fresh.caller().session(), client };
    let turn = app.turn(account.id).await?;
    let at = app.active_at(now);
    let policy = app.second_factor_policy();
    let removed = app.db.run(async |connection| remove(connection, &asking, mail, at, policy).await).await?;
    drop(turn);
    match removed {
        Removed::Done => Ok(Outcome::Success),
        Removed::Needed => Ok(Outcome::Needed),
        Removed::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}
