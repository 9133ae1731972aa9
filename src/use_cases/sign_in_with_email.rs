//! Signing in with what a mail brought.

use std::time::Duration;

use crate::accounts::{EmailAddress, NewAccount};
use crate::app::{App, EnrolmentStep, SecondStep, SignIn};
use crate::client::Client;
use crate::clock::new_id;
use crate::error::Error;
use crate::flows::{Checked, EmailProof, Flow, Kind};
use crate::ids::AccountId;
use crate::limits::Consumed;
use crate::sessions::store::{
    Bound, Opened, OpenedByMail, Proven, Registered, SecondStepOf, open_by_mail, open_with_confirmed_account,
};
use crate::sessions::{Method, PendingSignIn};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::DeviceToken;

/// The outcome of a sign-in by mail.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account is signed in. The token is the device's. An account without a password has none.
    Success(Box<SignIn>, Option<PlainToken>),
    /// The proof is right and used, and the account has a second factor, which has to be shown.
    SecondFactorRequired(SecondStep),
    /// The proof is right and used, and the account has to get a second factor first.
    EnrolmentRequired(EnrolmentStep),
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// The link or the code is over, or the account is disabled or has another address by now.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Opens a session for whoever has the address to which the mail went, which is proven by that. Where the server registers people so, an
/// address without an account gets one without a password. Of several at once one succeeds.
///
/// # Errors
/// [`Error::Disabled`] when nobody signs in by mail here; [`Error::Unavailable`] when the database is away. Then the session may exist or
/// not.
pub(crate) async fn sign_in_with_email(
    app: &App,
    client: Client,
    proof: &EmailProof,
    device_token: Option<String>,
) -> Result<Outcome, Error> {
    app.email_sign_in_is_on()?;
    match app.check_proof(&client, Kind::EmailSignIn, proof).await? {
        Checked::Right(flow) => match flow.account {
            Some(account) => open(app, client, &flow, account, device_token).await,
            None if app.registers_by_sign_in() => create(app, client, &flow).await,
            None => Ok(Outcome::Expired),
        },
        Checked::Expired => Ok(Outcome::Expired),
        Checked::Wrong { tries_left } => Ok(Outcome::Wrong(tries_left)),
        Checked::Limited(retry_after) => Ok(Outcome::Limited(retry_after)),
    }
}

async fn open(
    app: &App,
    client: Client,
    flow: &Flow,
    account: AccountId,
    device_token: Option<String>,
) -> Result<Outcome, Error> {
    let device = device_token.as_deref().and_then(|token| DeviceToken::verify(&app.keys.current(), token));
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let pending = PendingSignIn {
        // An account that is gone by now signs nobody in.
        generation: flow.generation.unwrap_or(-1),
        password_of: flow.password_of,
        methods: vec![Method::Email],
        device: device_token.filter(|_| device.is_some()),
        taken: Consumed::default(),
        new_app: None,
    };
    let shown = app.shown_device(device.as_ref(), account, now);
    let second_step = &app.second_step((account, flow.email.clone()), &pending, &client, now)?;
    let new = app.new_session(client, vec![Method::Email], now);
    let bound = Bound { most: app.config.max_sessions.into(), unused_since: app.unused_since(now) };
    let proven = Proven { flow: flow.id, account, email: &flow.email };
    let step = SecondStepOf { flow: second_step, shown, policy: app.second_factor_policy() };
    let opened = app.db.run(async |connection| open_by_mail(connection, &proven, new, &bound, &step).await).await?;
    drop(turn);
    let OpenedByMail { account, session, ended, password_of, is_newly_verified } = match opened {
        Some(Opened::Session(opened)) => opened,
        Some(Opened::SecondFactorRequired(factors)) => {
            telemetry::record_account(account);
            let shown = (second_step.token.expose(), second_step.expires_at);
            let required = app.required((second_step.id, account), shown, &factors, now)?;
            return Ok(Outcome::SecondFactorRequired(required));
        }
        Some(Opened::EnrolmentRequired) => {
            telemetry::record_account(account);
            return Ok(Outcome::EnrolmentRequired(app.enrolment_required(second_step)));
        }
        None => return Ok(Outcome::Expired),
    };
    app.session_cache.forget_sessions(&ended);
    if is_newly_verified {
        app.session_cache.forget_account(account.id);
    }
    telemetry::record_account(account.id);
    let device = password_of.map(|password_of| app.device_token(device, account.id, password_of, now));
    Ok(Outcome::Success(Box::new(app.sign_in(account, session, now)?), device))
}

/// Creates the account of an address that had none, and opens its first session.
async fn create(app: &App, client: Client, flow: &Flow) -> Result<Outcome, Error> {
    let now = app.clock.now();
    let account = NewAccount {
        id: AccountId(new_id(now)),
        email: EmailAddress::parse(&flow.email)
            .map_err(|_| Error::internal("a flow with an address that can't be read"))?,
        email_verified_at: Some(now),
        username: None,
        password: None,
        created_at: now,
    };
    let (id, policy) = (account.id, app.second_factor_policy());
    let step = &app.second_step_of_new(&account, Method::Email, &client)?;
    let session = app.new_session(client, vec![Method::Email], now);
    let opened = app
        .db
        .run(async |connection| open_with_confirmed_account(connection, flow.id, account, session, step, policy).await)
        .await?;
    Ok(match opened {
        Registered::Session(account, session) => {
            telemetry::record_account(id);
            Outcome::Success(Box::new(app.sign_in(*account, *session, now)?), None)
        }
        Registered::EnrolmentRequired => {
            telemetry::record_account(id);
            Outcome::EnrolmentRequired(app.enrolment_required(step))
        }
        // Another account has got the address in the meantime. Another mail signs in to that one.
        Registered::Taken(_) | Registered::Over => Outcome::Expired,
    })
}
