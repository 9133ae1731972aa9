//! Asking for a new passkey.

use std::time::Duration;

use crate::app::{App, FreshlySignedIn};
use crate::error::Error;
use crate::passkeys::store::list;
use crate::passkeys::{MOST, Owner, Passkey, Started};

/// The outcome of a beginning.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// What the client needs to make a passkey.
    Started(Started),
    /// The account has as many passkeys as it may have.
    TooMany,
    /// There were too many changes. The time says when to try again.
    Limited(Duration),
}

/// Asks for a passkey on an authenticator that has none of the account's. Nothing is stored.
///
/// # Errors
/// [`Error::Disabled`] where there are no passkeys; [`Error::Unauthenticated`] when the account was disabled or deleted meanwhile;
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn start_passkey(app: &App, fresh: &FreshlySignedIn) -> Result<Outcome, Error> {
    let passkeys = app.passkeys_are_on()?;
    let account = match app.charge_factor_change(fresh).await? {
        Ok(account) => account,
        Err(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let existing = app.db.run(async |connection| list(connection, &[account.id]).await).await?;
    if existing.len() >= MOST {
        return Ok(Outcome::TooMany);
    }
    let existing: Vec<_> = existing.iter().map(Passkey::credential).collect();
    let display_name = account.username.as_deref().unwrap_or(&account.email);
    let owner = Owner { account: account.id, name: &account.email, display_name };
    Ok(Outcome::Started(passkeys.start_registration(owner, &existing, app.clock.now())?))
}
