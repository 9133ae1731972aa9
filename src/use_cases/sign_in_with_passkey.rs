//! Signing in by a passkey alone.

use std::time::Duration;

use serde_json::Value;

use crate::app::{App, CheckedPasskey, PasskeyHolder, SignIn};
use crate::client::Client;
use crate::error::Error;
use crate::sessions::Method;
use crate::sessions::store::{AcceptedPasskey, Bound, OpenedByPasskey, open_by_passkey};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::DeviceToken;

/// The outcome of a sign-in.
pub(crate) enum Outcome {
    /// The account is signed in. The token is the device's. An account without a password has none.
    Success(Box<SignIn>, Option<PlainToken>),
    /// Nobody has such a passkey, the signature is wrong, the passkey is refused because there may be a copy, or the account is disabled.
    /// The answer does not tell which.
    Invalid,
    /// The challenge is over, or was answered before.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Opens a session for whoever shows a passkey. Its authenticator has verified who uses it, so no second factor is asked for. Of several
/// at once with one answer one succeeds.
///
/// # Errors
/// [`Error::Disabled`] where there are no passkeys; [`Error::Unavailable`] when the database is away. Then the session may exist or not.
pub(crate) async fn sign_in_with_passkey(
    app: &App,
    client: Client,
    answer: &Value,
    device_token: Option<String>,
) -> Result<Outcome, Error> {
    let holder = PasskeyHolder::Anybody;
    let confirmed = match app.check_passkey(&client, answer, holder).await? {
        CheckedPasskey::Right(confirmed) => confirmed,
        CheckedPasskey::Wrong => return Ok(Outcome::Invalid),
        CheckedPasskey::Expired => return Ok(Outcome::Expired),
        CheckedPasskey::Limited(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let id = confirmed.account.id;
    let device = device_token.and_then(|token| DeviceToken::verify(&app.keys.current(), &token));
    let turn = app.turn(id).await?;
    let now = app.clock.now();
    let new = app.new_session(client.clone(), vec![Method::Passkey], now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let mail = &confirmed.refused(app, &client, now)?;
    let shown = &confirmed.shown;
    let opened = app.db.run(async |connection| open_by_passkey(connection, id, shown, new, &bound, mail).await).await?;
    drop(turn);
    let OpenedByPasskey { account, session, ended, password_of } = match opened {
        AcceptedPasskey::Done(opened) => opened,
        AcceptedPasskey::Answered => {
            confirmed.fail(&client, holder);
            return Ok(Outcome::Expired);
        }
        AcceptedPasskey::CountFell | AcceptedPasskey::Gone => {
            confirmed.fail(&client, holder);
            return Ok(Outcome::Invalid);
        }
    };
    confirmed.succeed();
    app.session_cache.forget_sessions(&ended);
    telemetry::record_account(id);
    let device = password_of.map(|password_of| app.device_token(device, id, password_of, now));
    Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device))
}
