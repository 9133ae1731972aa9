//! Signing in in two steps, where an account has a second factor.

mod by_mail;
mod door;
mod earlier;
mod guesses;
mod known;
mod limits;
mod passkeys;
mod password;
mod races;
mod reset;
mod restart;
mod trips;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{Authenticator, enrolled};

pub(crate) const ADA: &str = "ada@example.com";

const ANSWER: &str = "__typename ... on LoginSuccess { user { id emailVerifiedAt } session { id methods authenticatedAt } \
    tokens { accessToken refreshToken } deviceToken } ... on UserError { code message } ... on InvalidCode { triesLeft } \
    ... on RateLimited { retryAfter } ... on SecondFactorRequired { flow expiresAt methods passkeyOptions } ... on SecondFactorEnrolmentRequired { flow methods }";

/// Makes the first step with a password.
pub(crate) async fn login(client: &Client, password: &str) -> Value {
    let query = format!(
        "mutation($i: LoginInput!) {{ login(input: $i) {{ {} }} }}",
        ANSWER.replace("... on InvalidCode { triesLeft } ", "")
    );
    let input = json!({ "identifier": ADA, "password": password, "deviceToken": client.device_token });
    let answer = client.send(&query, json!({ "i": input })).await;
    if answer["data"]["login"].is_null() { answer } else { answer["data"]["login"].clone() }
}

/// Makes the first step with a mail.
pub(crate) async fn by_mail(app: &TestApp, client: &Client) -> Value {
    client.start_email_sign_in(ADA).await;
    let proof = app.mail_to(ADA).await.by_link();
    let query = format!("mutation($i: EmailSignInInput!) {{ signInWithEmail(input: $i) {{ {ANSWER} }} }}");
    let answer = client.send(&query, json!({ "i": { "proof": proof } })).await;
    if answer["data"]["signInWithEmail"].is_null() { answer } else { answer["data"]["signInWithEmail"].clone() }
}

/// Makes the second step.
pub(crate) async fn complete(client: &Client, first: &Value, factor: Value) -> Value {
    let query = format!("mutation($i: CompleteSignInInput!) {{ completeSignIn(input: $i) {{ {ANSWER} }} }}");
    let input = json!({ "flow": first["flow"], "factor": factor, "deviceToken": client.device_token });
    let answer = client.send(&query, json!({ "i": input })).await;
    if answer["data"]["completeSignIn"].is_null() { answer } else { answer["data"]["completeSignIn"].clone() }
}

pub(crate) fn totp(code: &str) -> Value {
    json!({ "totp": code })
}

/// An application with an account that has an authenticator app.
pub(crate) async fn with_factor(app: &TestApp) -> (Authenticator, Vec<String>) {
    let ada = app.registered(ADA).await;
    enrolled(app, &ada).await
}

/// The first step of that account.
pub(crate) async fn first(app: &TestApp) -> Value {
    login(&app.anonymous(), PASSWORD).await
}
