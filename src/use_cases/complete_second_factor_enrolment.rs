//! Adding a second factor in a sign-in that needs one, which opens the session.

use std::time::Duration;

use serde_json::Value;

use crate::app::{App, FactorOwner, SignIn, known_by};
use crate::client::Client;
use crate::clock::{Timestamp, new_id};
use crate::error::Error;
use crate::flows::store::return_factor_try;
use crate::ids::PasskeyId;
use crate::passkeys::store::Enrolled;
use crate::passkeys::{self, BadPasskeyName, NewPasskey, PasskeyName, Refusal};
use crate::recovery_codes::{self, HashedCodes, RecoveryCode};
use crate::sessions::store::{Bound, OpenedByMail, TriedSignIn, try_sign_in};
use crate::sessions::{Method, NewSession, PendingSignIn};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::totp::{self, TotpCode, TotpSecret};

/// What somebody shows who has set a second factor up. Never print it.
pub(crate) struct Enrolment {
    /// The token of the flow that the first step began.
    pub(crate) flow: String,
    /// What shows that it works.
    pub(crate) factor: NewFactor,
    /// The device token that the device got when it signed in before.
    pub(crate) device_token: Option<String>,
}

/// A second factor that is added.
pub(crate) enum NewFactor {
    /// An authenticator app, by a code of it, as it was typed.
    App(String),
    /// A passkey, by the client's answer, with the name that its owner gives it.
    Passkey(Value, Option<String>),
}

/// The outcome of an enrolment.
pub(crate) enum Outcome {
    /// The account has the factor and is signed in. These are its recovery codes. The token is the device's. An account without a password
    /// has none.
    Success(Box<SignIn>, Option<PlainToken>, Vec<RecoveryCode>),
    /// The code is wrong, or no app was set up. So many more may be tried.
    Wrong(i32),
    /// The passkey is not accepted, or an account has it already.
    InvalidPasskey,
    /// This can't be its name.
    BadName(BadPasskeyName),
    /// The sign-in is over, or the account was changed since it began: it may have a second factor by now.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// A factor that was found to work.
enum Working {
    App { secret: TotpSecret, step: i64 },
    Passkey(NewPasskey, PasskeyName),
}

/// Adds the second factor to the account of this sign-in, if it works, and opens the session. Those that do not count in the flow, and wrong
/// codes for the account as well. Of several at once one succeeds.
///
/// # Errors
/// [`Error::Disabled`] for a passkey where there are none; [`Error::Busy`] when too many passwords wait to be hashed;
/// [`Error::Unavailable`] when the database is away. Then the factor may have been added and the session may exist, or not.
pub(crate) async fn complete_second_factor_enrolment(
    app: &App,
    client: Client,
    shown: Enrolment,
) -> Result<Outcome, Error> {
    let Enrolment { flow: token, factor, device_token } = shown;
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(&client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let name = match &factor {
        NewFactor::Passkey(_, Some(name)) => PasskeyName::parse(name),
        _ => Ok(PasskeyName::default()),
    };
    let name = match name {
        Ok(name) => name,
        Err(why) => return Ok(Outcome::BadName(why)),
    };
    if matches!(factor, NewFactor::Passkey(..)) {
        app.passkeys_are_on()?;
    }
    let free = app.limits.nothing_in_flow(now);
    let tried = app.db.run(async |connection| try_sign_in(connection, &token, (None, None), &free).await).await?;
    let Some((TriedSignIn { flow, account, data, tries_left, asked_since, .. }, _)) = tried else {
        return Ok(Outcome::Expired);
    };
    let opened = app.flow_keys.open(flow, &data);
    let Some(mut pending) = opened.and_then(|data| PendingSignIn::from_bytes(&data)) else {
        return Ok(Outcome::Expired);
    };
    let device = app.known_device(device_token.or(pending.device.take()), &account, &pending, now);
    let working = match factor {
        NewFactor::App(code) => matching(pending.new_app.take(), &code, now),
        NewFactor::Passkey(answer, _) => match app.passkeys_are_on()?.check_registration(&answer, account.id, now) {
            Ok(new) => Some(Working::Passkey(new, name)),
            Err(refusal) => {
                tracing::info!(account = %account.id, %refusal, "a new passkey is not accepted");
                return Ok(if refusal == Refusal::Expired { Outcome::Expired } else { Outcome::InvalidPasskey });
            }
        },
    };
    let Some(working) = working else {
        let known = known_by(&pending, device.as_ref(), asked_since);
        let owner = FactorOwner { account: &account, session: None, flow: Some(flow), known: &known };
        return Ok(match app.count_wrong_code_of_new_app(&client, &owner, now).await? {
            Ok(of_account) => Outcome::Wrong(of_account.min(tries_left)),
            Err(retry_after) => Outcome::Limited(retry_after),
        });
    };
    let (codes, hashed) = match recovery_codes_of(app).await {
        Ok(codes) => codes,
        Err(error) => {
            // The try comes back. What went wrong first is told.
            let _ = app.db.run(async |connection| return_factor_try(connection, flow).await).await;
            return Err(error);
        }
    };
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let opened = match &working {
        Working::App { secret, step } => {
            let enrolment = totp::store::Enrolment {
                flow,
                account: account.id,
                pending: &pending,
                secret: &app.totp_seals.seal(account.id, secret)?,
                step: *step,
                codes: &hashed,
                mail: &app.notice_of_enrolment(None, &account, &client, now)?,
            };
            let (new, bound) = session(app, &client, &pending, Method::Totp, now);
            let enrolled =
                app.db.run(async |connection| totp::store::enrol(connection, &enrolment, new, &bound).await).await?;
            enrolled.map_or(Enrolled::Over, |opened| Enrolled::Opened(Box::new(opened)))
        }
        Working::Passkey(passkey, name) => {
            let enrolment = passkeys::store::Enrolment {
                flow,
                pending: &pending,
                id: PasskeyId(new_id(now)),
                passkey,
                name,
                codes: &hashed,
                mail: &app.notice_of_enrolment(Some(name.as_str()), &account, &client, now)?,
            };
            let (new, bound) = session(app, &client, &pending, Method::Passkey, now);
            app.db.run(async |connection| passkeys::store::enrol(connection, &enrolment, new, &bound).await).await?
        }
    };
    drop(turn);
    let OpenedByMail { account, session, ended, password_of, is_newly_verified } = match opened {
        Enrolled::Opened(opened) => *opened,
        Enrolled::Taken => {
            tracing::info!(account = %account.id, "a new passkey is not accepted: an account has one with its credential id");
            return Ok(Outcome::InvalidPasskey);
        }
        Enrolled::Over => return Ok(Outcome::Expired),
    };
    app.charges().give_back(pending.taken);
    app.session_cache.forget_sessions(&ended);
    if is_newly_verified {
        app.session_cache.forget_account(account.id);
    }
    telemetry::record_account(account.id);
    let device = password_of.map(|password_of| app.device_token(device, account.id, password_of, now));
    Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device, codes))
}

/// The app, if the code is one of it.
fn matching(secret: Option<Vec<u8>>, typed: &str, now: Timestamp) -> Option<Working> {
    let secret = TotpSecret::from_bytes(&secret?)?;
    let step = secret.matching_step(&TotpCode::parse(typed)?, now)?;
    Some(Working::App { secret, step })
}

async fn recovery_codes_of(app: &App) -> Result<(Vec<RecoveryCode>, HashedCodes), Error> {
    recovery_codes::generate(&app.passwords.permit()?).await
}

/// The session that is opened with the new factor, and how many there may be.
fn session(app: &App, client: &Client, pending: &PendingSignIn, method: Method, now: Timestamp) -> (NewSession, Bound) {
    let methods = pending.methods.iter().copied().chain([method]).collect();
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    (app.new_session(client.clone(), methods, now), bound)
}
