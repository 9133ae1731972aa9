//! Deleting the caller's own account.

use std::time::Duration;

use crate::accounts::store::{Deleted, Deletion, delete_own};
use crate::app::{Acted, App, Caller, Checked, Confirmed, SignedIn};
use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, Reason};
use crate::passwords::Password;

/// The outcome of a deletion.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account is deleted.
    Success {
        /// When it was deleted.
        at: Timestamp,
        /// Until when an operator can restore it. `None` if nobody can.
        kept_until: Option<Timestamp>,
    },
    /// The password is wrong.
    InvalidCredentials,
    /// Passwords were tried too often. The time says when to try again.
    Limited(Duration),
}

/// Deletes the caller's account if `password` is right. From then on its names are free, and neither its password nor
/// its tokens are accepted.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unauthenticated`] when the session ended meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the account may have been deleted or not.
pub(crate) async fn delete_account(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    password: String,
) -> Result<Outcome, Error> {
    let subject = Caller::new(app, caller, Kind::AccountDeletionFailed);
    let delete = |confirmed| delete(app, client, caller, confirmed);
    Ok(match app.check_password(client, &subject, Password::new(password), delete).await? {
        Checked::Right(success) => success,
        Checked::Wrong => Outcome::InvalidCredentials,
        Checked::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

/// Deletes the account, unless its password was replaced meanwhile.
async fn delete(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    Confirmed { password, permit, .. }: Confirmed,
) -> Result<Acted<Outcome>, Error> {
    drop(permit);
    let (account, kept) = (caller.account().id, app.config.deleted_accounts_kept);
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let (by, unused_since, is_kept) = (caller.session(), app.unused_since(now), !kept.is_zero());
    let deletion = Deletion { account, by, unused_since, client, hash: &password.hash, is_kept };
    let deleted = app.db.run(async |connection| delete_own(connection, &deletion, now).await).await;
    drop(turn);
    app.all_ended(account);
    match deleted? {
        Deleted::Done => Ok(Acted::Done(Outcome::Success { at: now, kept_until: is_kept.then(|| now + kept) })),
        Deleted::SessionEnded => Err(Error::Unauthenticated(Reason::SessionRevoked)),
        Deleted::OtherHash => Ok(Acted::Replaced),
    }
}
