//! Sessions that were opened before the account had a second factor, or without it: the password alone proves nothing there.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ADA, complete, login, with_factor};
use crate::passkeys::ADD_FACTORS;
use crate::reauthenticate::{meanwhile, prove};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{Authenticator, enrolled, events, kind, remove};

const STALE: Duration = Duration::from_secs(11 * 60);

/// Whether the caller is told to prove who they are by something else than the password.
fn asks_for_a_factor(answer: &Value) -> bool {
    let methods = answer["methods"].as_array().unwrap_or_else(|| panic!("no methods: {answer}"));
    kind(answer) == "ReauthenticationRequired"
        && methods.contains(&"TOTP".into())
        && !methods.contains(&"PASSWORD".into())
}

/// Proves by a code who the caller is.
async fn prove_by_code(app: &TestApp, client: &Client, authenticator: &Authenticator) {
    let proven = crate::totp::prove(client, &authenticator.code(app, 0)).await;
    assert_eq!(kind(&proven), "ReauthenticateSuccess", "{proven}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_before_there_was_a_factor_does_not_remove_it_by_the_password() {
    let app = TestApp::start().await;
    let owner = app.registered(ADA).await;
    let stranger = app.anonymous().login(ADA).await;
    let (authenticator, _) = enrolled(&app, &owner).await;
    app.clock.advance(STALE);
    let (owner, stranger) = (owner.refresh().await, stranger.refresh().await);
    let removing = remove(&stranger).await;
    assert!(asks_for_a_factor(&removing), "{removing}");
    assert_eq!(prove(&stranger, "wrong").await["__typename"], "InvalidCredentials");
    let alone = prove(&stranger, PASSWORD).await;
    assert!(asks_for_a_factor(&alone), "{alone}");
    assert_eq!(alone["message"], "The password is right, and this account needs its second factor as well.");
    let stranger = stranger.refresh().await;
    assert!(asks_for_a_factor(&remove(&stranger).await));
    assert_eq!(events(&app, "reauthenticated").await, 0);

    // Who has shown it once proves the rest by the password.
    prove_by_code(&app, &owner, &authenticator).await;
    app.clock.advance(STALE);
    let owner = owner.refresh().await;
    let again = prove(&owner, PASSWORD).await;
    assert_eq!(kind(&again), "ReauthenticateSuccess", "{again}");
    let fresh = owner.with_token(again["tokens"]["accessToken"].as_str().expect("a token"));
    assert_eq!(kind(&remove(&fresh).await), "RemoveTotpSuccess");
    let stranger = stranger.refresh().await;
    assert_eq!(kind(&prove(&stranger, PASSWORD).await), "ReauthenticateSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_is_added_while_the_password_is_compared_counts() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let answer = meanwhile(&app, &ada, ADD_FACTORS).await;
    assert!(asks_for_a_factor(&answer), "{answer}");
    assert_eq!(events(&app, "reauthenticated").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_that_signed_in_has_shown_one() {
    let app = TestApp::start().await;
    let (_, codes) = with_factor(&app).await;
    let anonymous = app.anonymous();
    let code = json!({ "recoveryCode": codes[0] });
    let success = complete(&anonymous, &login(&anonymous, PASSWORD).await, code).await;
    app.clock.advance(STALE);
    let ada = app.anonymous().signed_in(&success).refresh().await;
    assert_eq!(kind(&prove(&ada, PASSWORD).await), "ReauthenticateSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_trusted_device_the_password_proves_no_more_than_elsewhere() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let query = "mutation($f: String!, $c: String!) { completeSignIn(input: { flow: $f, factor: { totp: $c }, \
        rememberDevice: true }) { ... on LoginSuccess { deviceToken } } }";
    let asked = login(&app.anonymous(), PASSWORD).await;
    let shown = json!({ "f": asked["flow"], "c": authenticator.code(&app, 0) });
    let answer = app.anonymous().send(query, shown).await;
    let token = answer["data"]["completeSignIn"]["deviceToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let trusted = app.anonymous().on_device(token).login(ADA).await;
    app.clock.advance(STALE);
    let trusted = trusted.refresh().await;
    assert!(asks_for_a_factor(&prove(&trusted, PASSWORD).await));
    prove_by_code(&app, &trusted, &authenticator).await;
    assert_eq!(kind(&prove(&trusted, PASSWORD).await), "ReauthenticateSuccess");
}
