//! Beginning to add a second factor in a sign-in that needs one.

use std::time::Duration;

use serde_json::Value;

use crate::app::{App, NewAuthenticator};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::store::keep;
use crate::passkeys::Owner;
use crate::sessions::store::{OpenSignIn, find_sign_in};

/// What sets a second factor up: one of these. Never print it.
pub(crate) struct NewFactors {
    /// For an authenticator app.
    pub(crate) app: NewAuthenticator,
    /// What the client needs to make a passkey. `None` where there are none.
    pub(crate) passkey_options: Option<Value>,
}

/// The outcome of a beginning.
pub(crate) enum Outcome {
    /// A factor can be set up with this, until then.
    Started(Box<NewFactors>, Timestamp),
    /// The sign-in is over, or the account was changed since it began: it may have a second factor by now.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Makes the secret of the first authenticator app of an account and asks for its first passkey, for whoever made the first step of a sign-in
/// to it. The flow of the sign-in keeps the secret. One that was made in it before does not count any more.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn start_second_factor_enrolment(app: &App, client: &Client, token: &str) -> Result<Outcome, Error> {
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let keys = &app.flow_keys;
    let found = app.db.run(async |connection| find_sign_in(connection, keys, token, now).await).await?;
    let Some(sign_in) = found.filter(OpenSignIn::can_enrol) else { return Ok(Outcome::Expired) };
    let OpenSignIn { flow, account, mut pending, expires_at, .. } = sign_in;
    let authenticator = app.new_authenticator(&account.email)?;
    pending.new_app = Some(authenticator.secret.to_bytes());
    let data = pending.to_bytes()?;
    let is_kept = app.db.run(async |connection| keep(connection, keys, flow, &data, now).await).await?;
    if !is_kept {
        return Ok(Outcome::Expired);
    }
    let display_name = account.username.as_deref().unwrap_or(&account.email);
    let owner = Owner { account: account.id, name: &account.email, display_name };
    let asked = app.passkeys.as_ref().map(|passkeys| passkeys.start_registration(owner, &[], now)).transpose()?;
    let passkey_options = asked.map(|asked| asked.options);
    Ok(Outcome::Started(Box::new(NewFactors { app: authenticator, passkey_options }), expires_at))
}
