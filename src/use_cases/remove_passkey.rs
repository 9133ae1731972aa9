//! Removing a passkey.

use std::time::Duration;

use crate::app::{App, FreshlySignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::ids::PasskeyId;
use crate::mail;
use crate::passkeys::store::{Removal, Removed, list, remove};
use crate::sessions::store::Asking;

/// The outcome of a removal.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account does not have the passkey any more.
    Success,
    /// It has none with this id.
    NotFound,
    /// It is the last second factor of an account that needs one. Nothing was done.
    Needed,
    /// Nobody could sign in to the account any more.
    LastWayIn,
    /// There were too many changes. The time says when to try again.
    Limited(Duration),
}

/// Removes a passkey of the caller's, and the recovery codes if it was the last second factor.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn remove_passkey(
    app: &App,
    client: &Client,
    fresh: &FreshlySignedIn,
    id: PasskeyId,
) -> Result<Outcome, Error> {
    let account = match app.charge_factor_change(fresh).await? {
        Ok(account) => account,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    // The mail has the name, and is sealed before the statement that sends it.
    let all = app.db.run(async |connection| list(connection, &[account.id]).await).await?;
    let Some(passkey) = all.into_iter().find(|passkey| passkey.id == id) else { return Ok(Outcome::NotFound) };
    let now = app.clock.now();
    let removal = Removal {
        asking: Asking { account: account.id, by: fresh.caller().session(), client },
        id,
        signs_in_by_mail: app.email_sign_in_is_on().is_ok(),
        mail: &app.notice_of_passkey((mail::Kind::PasskeyRemoved, &passkey.name), &account, client, now)?,
    };
    let turn = app.turn(account.id).await?;
    let at = app.active_at(now);
    let policy = app.second_factor_policy();
    let removed = app.db.run(async |connection| remove(connection, &removal, at, policy).await).await?;
    drop(turn);
    match removed {
        Removed::Done => Ok(Outcome::Success),
        Removed::NotFound => Ok(Outcome::NotFound),
        Removed::Needed => Ok(Outcome::Needed),
        Removed::LastWayIn => Ok(Outcome::LastWayIn),
        Removed::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}
