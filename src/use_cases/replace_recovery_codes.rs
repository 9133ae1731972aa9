//! Replacing the recovery codes of an account.

use std::time::Duration;

use crate::app::{App, FreshlySignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::mail;
use crate::recovery_codes::store::{Replaced, replace};
use crate::recovery_codes::{self, RecoveryCode};
use crate::sessions::store::Asking;

/// The outcome of a replacement.
pub(crate) enum Outcome {
    /// The account has these codes, and no others.
    Success(Vec<RecoveryCode>),
    /// The account has no second factor, so there is nothing in whose place they could be used.
    NoSecondFactor,
    /// There were too many changes. The time says when to try again.
    Limited(Duration),
}

/// Gives an account that has a second factor new recovery codes. Those of before do not work any more.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn replace_recovery_codes(
    app: &App,
    client: &Client,
    fresh: &FreshlySignedIn,
) -> Result<Outcome, Error> {
    let account = match app.charge_factor_change(fresh).await? {
        Ok(account) => account,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let permit = app.passwords.permit()?;
    let (codes, hashed) = recovery_codes::generate(&permit).await?;
    drop(permit);
    let now = app.clock.now();
    let mail = &app.notice((mail::Kind::RecoveryCodesReplaced, None), &account, client, now)?;
    let asking = Asking { account: account.id, by: fresh.caller().session(), client };
    let turn = app.turn(account.id).await?;
    let at = app.active_at(now);
    let replaced = app.db.run(async |connection| replace(connection, &asking, &hashed, mail, at).await).await?;
    drop(turn);
    match replaced {
        Replaced::Done => Ok(Outcome::Success(codes)),
        Replaced::NoSecondFactor => Ok(Outcome::NoSecondFactor),
        Replaced::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
    }
}
