//! Devices on which an account is signed in to without its second factor.

mod bounds;
mod ended;
mod listed;
mod races;
mod refused;
mod skipped;
mod trips;

use serde_json::{Value, json};

use crate::second_step::{ADA, login, totp};
use crate::support::{Client, PASSWORD, SignedIn, TestApp};
use crate::totp::{Authenticator, STEP, enrolled, kind};

/// An account with an authenticator app, and a device that it trusts.
struct Trusted {
    authenticator: Authenticator,
    codes: Vec<String>,
    /// The application that registered, whose device is not trusted.
    other: SignedIn,
    /// The application on the trusted device, with the token that it got.
    device: Client,
    /// The answer that the device got.
    success: Value,
}

async fn trusted(app: &TestApp) -> Trusted {
    let other = app.registered(ADA).await;
    let (authenticator, codes) = enrolled(app, &other).await;
    let success = remember(app, &app.anonymous(), &authenticator).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    Trusted { authenticator, codes, other, device, success }
}

/// Signs in with both factors, has the device remembered, and lets a step pass.
async fn remember(app: &TestApp, client: &Client, authenticator: &Authenticator) -> Value {
    let asked = login(client, PASSWORD).await;
    let success = complete(client, &asked, totp(&authenticator.code(app, 0)), true).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    app.clock.advance(STEP);
    success
}

/// Makes the second step.
async fn complete(client: &Client, asked: &Value, factor: Value, remember: bool) -> Value {
    let query = "mutation($i: CompleteSignInInput!) { completeSignIn(input: $i) { __typename \
        ... on LoginSuccess { user { id } session { id methods } tokens { accessToken refreshToken } deviceToken } \
        ... on UserError { code message } ... on RateLimited { retryAfter } } }";
    let input = json!({
        "flow": asked["flow"], "factor": factor, "deviceToken": client.device_token, "rememberDevice": remember,
    });
    let answer = client.send(query, json!({ "i": input })).await;
    if answer["data"]["completeSignIn"].is_null() { answer } else { answer["data"]["completeSignIn"].clone() }
}

/// What a login on this device answers.
async fn answer(client: &Client) -> String {
    kind(&login(client, PASSWORD).await).to_owned()
}

/// What a sign-in by mail on this device answers.
async fn answer_by_mail(app: &TestApp, client: &Client) -> Value {
    client.start_email_sign_in(ADA).await;
    client.sign_in_with_email(app.mail_to(ADA).await.by_link()).await
}

/// How many devices are trusted.
async fn devices(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM trusted_devices").await
}

/// What `me` says of the trusted devices.
async fn listed(client: &Client) -> Vec<Value> {
    let query = "{ me { trustedDevices { id createdAt lastUsedAt expiresAt userAgent ipAddress } } }";
    let answer = client.send(query, Value::Null).await;
    answer["data"]["me"]["trustedDevices"].as_array().unwrap_or_else(|| panic!("no list: {answer}")).clone()
}

/// Ends the trust in these devices, or in all.
async fn forget(client: &Client, ids: Value) -> Value {
    let query = "mutation($i: ForgetTrustedDevicesInput!) { forgetTrustedDevices(input: $i) { __typename \
        ... on ForgetTrustedDevicesSuccess { forgottenIds } } }";
    let answer = client.send(query, json!({ "i": { "ids": ids } })).await;
    if answer["data"]["forgetTrustedDevices"].is_null() {
        answer
    } else {
        answer["data"]["forgetTrustedDevices"].clone()
    }
}

/// The device's part of a device token.
fn part(token: &Value) -> &str {
    token.as_str().and_then(|token| token.split('.').nth(1)).unwrap_or_else(|| panic!("no token: {token}"))
}
