//! Signing in with a password.

use std::time::Duration;

use crate::app::{Acted, Anybody, App, Checked, Confirmed, EnrolmentStep, SecondStep, SignIn};
use crate::client::Client;
use crate::error::Error;
use crate::passwords::Password;
use crate::sessions::store::{Bound, Opened, OpenedSession, SecondStepOf, open as open_session};
use crate::sessions::{PendingSignIn, Proof};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::DeviceToken;

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
    /// The password is right, and the account has a second factor, which has to be shown.
    SecondFactorRequired(SecondStep),
    /// The password is right, and the account has to get a second factor first.
    EnrolmentRequired(EnrolmentStep),
    /// There is no such account, the password is wrong, or the account is disabled. The answer does not tell which,
    /// and takes the same time.
    InvalidCredentials,
    /// Passwords were tried too often. The time says when to try again.
    Limited(Duration),
}

/// Opens a session if the password is that of the account with this e-mail address or username. If the account has a second factor and
/// does not trust the device, or needs a factor and has none, it begins the second step in the place of a session, and what the attempt took
/// from the limits is given back at its end.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away.
pub(crate) async fn login(app: &App, client: Client, typed: Login) -> Result<Outcome, Error> {
    let now = app.clock.now();
    let shown = typed.device_token;
    let device = shown.as_deref().and_then(|token| DeviceToken::verify(&app.keys.current(), token));
    let device = device.filter(|device| device.is_alive(now));
    let shown = &shown.filter(|_| device.is_some());
    let subject = Anybody::new(app, typed.identifier, device, now);
    let password = Password::new(typed.password);
    let open = |confirmed| open(app, &client, confirmed, device, shown.clone());
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
    Confirmed { account, password, stronger, permit, taken }: Confirmed,
    device: Option<DeviceToken>,
    shown: Option<String>,
) -> Result<Acted<Outcome>, Error> {
    // The permit is dropped, so that others may hash while this one waits for the account's row.
    drop(permit);
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let changed_at = password.changed_at;
    let proof = Proof::Password { hash: password.hash, stronger };
    let new = app.new_session(client.clone(), proof.methods(), now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let pending = PendingSignIn {
        generation: account.session_generation,
        password_of: Some(changed_at),
        methods: proof.methods(),
        device: shown,
        taken,
        new_app: None,
    };
    let shown = app.shown_device(device.as_ref(), account.id, now);
    let second_step = &app.second_step((account.id, account.email.clone()), &pending, client, now)?;
    let step = SecondStepOf { flow: second_step, shown, policy: app.second_factor_policy() };
    let opened =
        app.db.run(async |connection| open_session(connection, account.id, &proof, new, &bound, &step).await).await?;
    drop(turn);
    let OpenedSession { session, ended } = match opened {
        Some(Opened::Session(opened)) => opened,
        Some(Opened::SecondFactorRequired(factors)) => {
            telemetry::record_account(account.id);
            let shown = (second_step.token.expose(), second_step.expires_at);
            let required = app.required((second_step.id, account.id), shown, &factors, now)?;
            return Ok(Acted::Halfway(Outcome::SecondFactorRequired(required)));
        }
        Some(Opened::EnrolmentRequired) => {
            telemetry::record_account(account.id);
            return Ok(Acted::Halfway(Outcome::EnrolmentRequired(app.enrolment_required(second_step))));
        }
        None => return Ok(Acted::Replaced),
    };
    app.session_cache.forget_sessions(&ended);
    telemetry::record_account(account.id);
    let device = app.device_token(device, account.id, changed_at, now);
    Ok(Acted::Done(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device)))
}
