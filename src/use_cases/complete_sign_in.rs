//! Signing in with a second factor, after a first step.

use std::time::Duration;

use crate::app::{App, FactorInSignIn, FactorInput, ProvenSignIn, SignIn, fewest};
use crate::client::Client;
use crate::error::Error;
use crate::sessions::Method;
use crate::sessions::store::{self, Bound, Completed, Completion};
use crate::telemetry;
use crate::tokens::PlainToken;

/// What somebody shows who has made the first step. Never print it.
pub(crate) struct SecondFactor {
    /// The token of the flow that the first step began.
    pub(crate) flow: String,
    /// The factor.
    pub(crate) factor: FactorInput,
    /// The device token that the device got when it signed in before.
    pub(crate) device_token: Option<String>,
    /// Whether the device is not to be asked for a second factor again.
    pub(crate) remember_device: bool,
}

/// The outcome of a second step.
pub(crate) enum Outcome {
    /// The account is signed in. The token is the device's. An account without a password has none.
    Success(Box<SignIn>, Option<PlainToken>),
    /// The factor, which is one of this kind, is wrong or was used before. So many more may be tried.
    Wrong(Method, i32),
    /// The sign-in is over, or the account was changed since it began.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Opens the session of a sign-in that waits for a second factor, if the factor is right. Wrong ones count in the flow and for the account.
/// Of several at once one succeeds.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the session may exist
/// or not.
pub(crate) async fn complete_sign_in(app: &App, client: Client, shown: SecondFactor) -> Result<Outcome, Error> {
    let SecondFactor { flow: token, factor, device_token, remember_device } = shown;
    let proven = match app.show_factor(&client, token, factor, device_token).await? {
        FactorInSignIn::Right(proven) => *proven,
        FactorInSignIn::Wrong(kind, tries_left) => return Ok(Outcome::Wrong(kind, tries_left)),
        FactorInSignIn::Expired => return Ok(Outcome::Expired),
        FactorInSignIn::Limited(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let ProvenSignIn { flow, account, pending, device, compared, tries_left } = proven;
    let turn = app.turn(account.id).await?;
    let now = app.clock.now();
    let (trusted, trusting) = &app.trust(&account, pending.password_of.filter(|_| remember_device), &client, now)?;
    let method = compared.factor.method();
    let new = app.new_session(client, pending.methods.iter().copied().chain([method]).collect(), now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let completion = Completion { flow, account: account.id, pending: &pending, factor: &compared.factor, trusting };
    let completed =
        app.db.run(async |connection| store::complete_sign_in(connection, &completion, new, &bound).await).await?;
    drop(turn);
    let opened = match completed {
        Completed::Opened(opened) => *opened,
        Completed::FactorRefused => {
            let of_account = app.refuse_compared(compared).await?;
            return Ok(Outcome::Wrong(method, fewest(of_account, tries_left)));
        }
        Completed::Over => return Ok(Outcome::Expired),
    };
    app.charges().give_back(pending.taken);
    app.session_cache.forget_sessions(&opened.ended);
    if opened.is_newly_verified {
        app.session_cache.forget_account(account.id);
    }
    telemetry::record_account(account.id);
    let device = trusted.or(device);
    let device = opened.password_of.map(|password_of| app.device_token(device, account.id, password_of, now));
    Ok(Outcome::Success(Box::new(app.sign_in(opened.account, opened.session, now)?), device))
}
