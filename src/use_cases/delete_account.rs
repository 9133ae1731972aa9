//! Deleting an account of one's own.

use std::time::Duration;

use crate::app::{self, App, SignedIn};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::sessions::store::{self, Asking, Deleted};

/// How a deletion ends.
#[derive(Debug)]
pub enum Outcome {
    /// The account is deleted.
    Success {
        /// When.
        at: Timestamp,
        /// Until when an operator can restore it; `None` if nobody can.
        kept_until: Option<Timestamp>,
    },
    /// That is not the password.
    InvalidCredentials,
    /// Passwords were tried too often. When to try again.
    Limited(Duration),
}

/// How often the deletion starts over when the account's hash was replaced while the password was being compared.
const ATTEMPTS: usize = 3;

/// Deletes the caller's account, if `password` is its: from now on its names are free, and neither password nor token is accepted.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the account may have been deleted or not.
pub async fn delete_account(app: &App, client: &Client, caller: &SignedIn, password: String) -> Result<Outcome, Error> {
    let (account, kept) = (caller.account().id, app.config.deleted_accounts_kept);
    let mut confirmation = match app.confirm(client, caller, password, Kind::AccountDeletionFailed).await? {
        Ok(confirmation) => confirmation,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    for _ in 0..ATTEMPTS {
        let Some((confirmed, place)) = confirmation.compare().await? else { return Ok(Outcome::InvalidCredentials) };
        drop(place);
        let turn = app.turn(account).await?;
        let now = app.clock.now();
        let asking = Asking { account, by: caller.session(), client };
        let (hash, is_kept) = (confirmed.hash(), !kept.is_zero());
        let deleted =
            app.db.run(async |connection| store::delete_own(connection, &asking, hash, is_kept, now).await).await;
        drop(turn);
        app.all_ended(account);
        match deleted? {
            Deleted::Done => return Ok(Outcome::Success { at: now, kept_until: is_kept.then(|| now + kept) }),
            Deleted::SessionEnded => return Err(Error::Unauthenticated(Reason::SessionRevoked)),
            Deleted::OtherHash => confirmation = confirmed.again().await?,
        }
    }
    app::log_failed(Kind::AccountDeletionFailed, app::Refused::InvalidCredentials, client, None);
    Ok(Outcome::InvalidCredentials)
}
