//! Accounts that need a second factor and have none: a sign-in leads into the enrolment of one.

mod changed;
mod flow;
mod limits;
mod passkeys;
mod passkeys_changed;
mod policy;
mod races;
mod removal;
mod roles;
mod trips;
mod ways;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{Authenticator, kind};

pub(crate) const ADA: &str = "ada@example.com";

/// A second factor is required of all accounts.
pub(crate) const REQUIRED: &str = "--second-factor=required";

const SIGN_IN: &str = "user { id email emailVerifiedAt totpEnabledAt recoveryCodesLeft } session { id methods current } \
    tokens { accessToken refreshToken } deviceToken";

const FAILED: &str = "... on UserError { code message } ... on RateLimited { retryAfter } \
    ... on SecondFactorEnrolmentRequired { flow expiresAt methods }";

/// Sends a document with one field, and gives the outcome, or the whole answer if there is none.
async fn outcome(client: &Client, query: &str, field: &str, input: Value) -> Value {
    let answer = client.send(query, json!({ "i": input })).await;
    if answer["data"][field].is_null() { answer } else { answer["data"][field].clone() }
}

pub(crate) async fn register(client: &Client, email: &str) -> Value {
    let query = format!(
        "mutation($i: RegisterInput!) {{ register(input: $i) {{ __typename ... on RegisterSuccess {{ {SIGN_IN} }} \
         ... on RegistrationPending {{ flow }} {FAILED} }} }}"
    );
    outcome(client, &query, "register", json!({ "email": email, "password": PASSWORD })).await
}

pub(crate) async fn login(client: &Client, email: &str) -> Value {
    let query = format!(
        "mutation($i: LoginInput!) {{ login(input: $i) {{ __typename ... on LoginSuccess {{ {SIGN_IN} }} \
         ... on SecondFactorRequired {{ flow methods }} {FAILED} }} }}"
    );
    let input = json!({ "identifier": email, "password": PASSWORD, "deviceToken": client.device_token });
    outcome(client, &query, "login", input).await
}

/// Signs in with the mail that is sent to this address.
pub(crate) async fn by_mail(app: &TestApp, client: &Client, email: &str) -> Value {
    // Of mails that are sent together any may be the last.
    app.mails_to(email).await;
    client.start_email_sign_in(email).await;
    let query = format!(
        "mutation($i: EmailSignInInput!) {{ signInWithEmail(input: $i) {{ __typename ... on LoginSuccess {{ {SIGN_IN} }} \
         ... on SecondFactorRequired {{ flow methods }} {FAILED} }} }}"
    );
    outcome(client, &query, "signInWithEmail", json!({ "proof": app.mail_to(email).await.by_link() })).await
}

/// Asks for the secret of an app.
pub(crate) async fn start(client: &Client, asked: &Value) -> Value {
    let query = "mutation($i: StartSecondFactorEnrolmentInput!) { startSecondFactorEnrolment(input: $i) { __typename \
        ... on SecondFactorEnrolmentStarted { secret uri qrSvg passkeyOptions expiresAt } ... on UserError { code message } \
        ... on RateLimited { retryAfter } } }";
    outcome(client, query, "startSecondFactorEnrolment", json!({ "flow": asked["flow"] })).await
}

/// Shows a code of the app.
pub(crate) async fn complete(client: &Client, asked: &Value, code: &str) -> Value {
    let query = format!(
        "mutation($i: CompleteSecondFactorEnrolmentInput!) {{ completeSecondFactorEnrolment(input: $i) {{ __typename \
         ... on SecondFactorEnrolmentSuccess {{ {SIGN_IN} recoveryCodes }} ... on UserError {{ code message }} \
         ... on InvalidCode {{ triesLeft }} ... on RateLimited {{ retryAfter }} }} }}"
    );
    let input = json!({ "flow": asked["flow"], "factor": { "totp": code }, "deviceToken": client.device_token });
    outcome(client, &query, "completeSecondFactorEnrolment", input).await
}

/// An app with the secret of this enrolment.
pub(crate) async fn set_up(client: &Client, asked: &Value) -> Authenticator {
    Authenticator::new(&start(client, asked).await)
}

/// Goes through the whole enrolment, which succeeds.
pub(crate) async fn enrol(app: &TestApp, asked: &Value) -> (Authenticator, Value) {
    assert_eq!(kind(asked), "SecondFactorEnrolmentRequired", "{asked}");
    let client = app.anonymous();
    let authenticator = set_up(&client, asked).await;
    let success = complete(&client, asked, &authenticator.code(app, 0)).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
    app.mails_to(ADA).await;
    (authenticator, success)
}

/// A server that requires a second factor, and the first step of a sign-in to an account without one.
pub(crate) async fn asked(flags: &[&str]) -> (TestApp, Value) {
    let app = TestApp::with(&[&[REQUIRED], flags].concat()).await;
    register(&app.anonymous(), ADA).await;
    let asked = login(&app.anonymous(), ADA).await;
    assert_eq!(kind(&asked), "SecondFactorEnrolmentRequired", "{asked}");
    (app, asked)
}

pub(crate) async fn sessions(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM sessions").await
}
