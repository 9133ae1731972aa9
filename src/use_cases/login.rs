//! Signing in with a password.

use std::time::Duration;

use crate::app::{Anybody, App, Checked, Confirmed, SignIn};
use crate::client::Client;
use crate::error::Error;
use crate::passwords::Password;
use crate::sessions::Proof;
use crate::sessions::store::{Bound, OpenedSession, open as open_session};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::{DeviceToken, SignInTimes};

/// The input of a login. Never print it, because it has the password.
pub(crate) struct Login {
    /// The e-mail address or username.
    pub(crate) identifier: String,
    /// The password.
    pub(crate) password: String,
    /// The device token that the device got when it signed in before.
    pub(crate) device_token: Option<String>,
}

/// The outcome of a login.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account is signed in. The token is the device's.
    Success(Box<SignIn>, PlainToken),
    /// There is no such account, the password is wrong, or the account is disabled. The answer does not tell which,
    /// and takes the same time.
    InvalidCredentials,
    /// Passwords were tried too often. The time says when to try again.
    Limited(Duration),
}

/// Opens a session if the password is that of the account with this e-mail address or username.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
pub(crate) async fn login(app: &App, client: Client, typed: Login) -> Result<Outcome, Error> {
    let now = app.clock.now();
    let device = typed.device_token.and_then(|token| DeviceToken::verify(&app.keys.current(), &token));
    let device = device.filter(|device| device.is_alive(now));
    let subject = Anybody::new(app, typed.identifier, device, now);
    let password = Password::new(typed.password);
    let open = |confirmed| open(app, &client, confirmed, device);
    Ok(match app.check_password(&client, &subject, password, open).await? {
        Checked::Right(success) => success,
        Checked::Wrong => Outcome::InvalidCredentials,
        Checked::Limited(retry_after) => Outcome::Limited(retry_after),
    })
}

/// Opens the session, unless the account was changed meanwhile.
async fn open(
    app: &App,
    client: &Client,
    Confirmed { account, password, stronger, permit }: Confirmed,
    device: Option<DeviceToken>,
) -> Result<Option<Outcome>, Error> {
    // The permit is dropped, so that others may hash while this one waits for the account's row.
    drop(permit);
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let changed_at = password.changed_at;
    let proof = Proof::Password { hash: password.hash, stronger };
    let new = app.new_session(client.clone(), proof.methods(), now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let opened = app.db.run(async |connection| open_session(connection, account.id, &proof, new, &bound).await).await?;
    drop(turn);
    let Some(OpenedSession { session, ended }) = opened else { return Ok(None) };
    app.session_cache.forget_sessions(&ended);
    telemetry::record_account(account.id);
    let device = match device.filter(|device| device.is_of(account.id, changed_at)) {
        Some(known) => known.renewed(now),
        None => DeviceToken::new(account.id, SignInTimes { password_of: changed_at, now }),
    };
    let device = device.mint(&app.keys.current());
    Ok(Some(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device)))
}
