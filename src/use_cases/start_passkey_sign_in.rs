//! Beginning a sign-in by passkey.

use std::time::Duration;

use crate::app::App;
use crate::client::Client;
use crate::error::Error;
use crate::passkeys::Started;

/// The outcome of a beginning.
pub(crate) enum Outcome {
    /// The client can ask for a passkey.
    Started(Started),
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Asks for any passkey. Nothing is stored, and the database is not asked, so this can stand on every page.
///
/// # Errors
/// [`Error::Disabled`] where there are no passkeys.
pub(crate) fn start_passkey_sign_in(app: &App, client: &Client) -> Result<Outcome, Error> {
    let (passkeys, now) = (app.passkeys_are_on()?, app.clock.now());
    if let Err(retry_after) = app.limits.attempt(client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    passkeys.start_sign_in(now).map(Outcome::Started)
}
