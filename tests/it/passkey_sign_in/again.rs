//! Proving again by a passkey who one is.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ADA, amr, invalid, sign_in, start, with_passkey};
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{enrolled, events};

const MINUTE: Duration = Duration::from_secs(60);

/// What a caller is told who is not fresh.
pub(crate) async fn asked(client: &Client) -> Value {
    let query =
        "mutation { startPasskey { __typename ... on ReauthenticationRequired { code methods passkeyOptions } } }";
    client.send(query, Value::Null).await["data"]["startPasskey"].clone()
}

/// Sends a factor to `reauthenticate`.
pub(crate) async fn prove(client: &Client, factor: Value) -> Value {
    let query = "mutation($i: ReauthenticateInput!) { reauthenticate(input: $i) { __typename \
        ... on ReauthenticateSuccess { freshUntil tokens { accessToken } } ... on UserError { code message } \
        ... on RateLimited { retryAfter } } }";
    let answer = client.send(query, json!({ "i": { "factor": factor } })).await;
    if answer["data"]["reauthenticate"].is_null() { answer } else { answer["data"]["reauthenticate"].clone() }
}

/// Shows a passkey again.
pub(crate) async fn prove_by(client: &Client, authenticator: &mut Authenticator, options: &Value) -> Value {
    prove(client, json!({ "passkey": authenticator.sign_in(options) })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_makes_a_session_fresh() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    let required = asked(&ada).await;
    assert_eq!(required["methods"], json!(["PASSKEY", "EMAIL"]), "{required}");
    let options = &required["passkeyOptions"];
    assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(1), "{options}");
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    let success = prove_by(&ada, &mut authenticator, options).await;
    assert_eq!((kind(&success), &success["freshUntil"]), ("ReauthenticateSuccess", &json!("2026-01-01T00:20:00Z")));
    let token = &success["tokens"]["accessToken"];
    assert_eq!(amr(token), json!(["pwd", "pop", "user", "mfa"]));
    let fresh = ada.with_token(token.as_str().expect("a token"));
    assert_eq!(kind(&fresh.start_passkey().await), "PasskeyOptions");
    let noted = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind IN ('reauthenticated', 'passkey_used') AND methods = '{password,passkey}'";
    assert_eq!(app.database.count(noted).await, 2);
    let used = "SELECT count(*) FROM passkeys WHERE last_used_at = '2026-01-01T00:10:00Z' AND sign_count = 2";
    assert_eq!(app.database.count(used).await, 1);
    // It is accepted once, and that is no sign of a copy.
    let mut replayed = Authenticator::device_bound();
    (replayed.id, replayed.user_handle) = (authenticator.id.clone(), authenticator.user_handle.clone());
    assert_eq!(prove_by(&fresh, &mut replayed, options).await, invalid());
    assert_eq!((events(&app, "passkey_sign_count_fell").await, events(&app, "reauthentication_failed").await), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_proves_it_by_an_app_or_a_passkey() {
    let app = TestApp::with(&["--email-sign-in=off"]).await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    let (codes, _) = enrolled(&app, &ada).await;
    app.database.execute("DELETE FROM passwords").await;
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    let required = asked(&ada).await;
    assert_eq!(required["methods"], json!(["PASSKEY", "TOTP"]), "{required}");
    assert_eq!(kind(&prove(&ada, json!({ "password": PASSWORD })).await), "InvalidCredentials");
    assert_eq!(kind(&prove(&ada, json!({ "totp": codes.code(&app, 0) })).await), "ReauthenticateSuccess");
    let success = prove_by(&ada, &mut authenticator, &required["passkeyOptions"]).await;
    assert_eq!(kind(&success), "ReauthenticateSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_passkey_is_asked_for_none() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.clock.advance(10 * MINUTE);
    let required = asked(&*ada.refresh().await).await;
    assert_eq!((&required["methods"], &required["passkeyOptions"]), (&json!(["PASSWORD", "EMAIL"]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_callers_own_passkey_and_a_challenge_for_this_are_accepted() {
    let app = TestApp::start().await;
    let (mut adas, mut graces) = (Authenticator::synced(), Authenticator::synced());
    let ada = with_passkey(&app, ADA, &mut adas).await;
    let grace = with_passkey(&app, "grace@example.com", &mut graces).await;
    app.clock.advance(10 * MINUTE);
    let (ada, grace) = (ada.refresh().await, grace.refresh().await);
    let (of_ada, of_grace) =
        (asked(&ada).await["passkeyOptions"].clone(), asked(&grace).await["passkeyOptions"].clone());
    let for_sign_in = start(&app.anonymous()).await;
    assert_eq!(prove_by(&ada, &mut graces, &of_ada).await, invalid());
    for options in [&of_grace, &for_sign_in] {
        assert_eq!(prove_by(&ada, &mut adas, options).await, invalid());
    }
    // Grace's passkey says that it is Ada's, or nothing.
    let handle = graces.user_handle.clone();
    for claimed in [adas.user_handle.clone(), None] {
        graces.user_handle = claimed;
        assert_eq!(prove_by(&ada, &mut graces, &of_ada).await, invalid());
    }
    graces.user_handle = handle;
    // Those with which one shows it again open no session.
    assert_eq!(super::finish(&app.anonymous(), &adas.sign_in(&of_ada)).await, invalid());
    app.database.execute("UPDATE passkeys SET public_key = '\\x00'").await;
    assert_eq!(prove_by(&ada, &mut adas, &of_ada).await, invalid());
    let failed = format!(
        "SELECT count(*) FROM audit_events WHERE kind = 'reauthentication_failed' AND session_id = '{}' \
        AND account_id = '{}'",
        ada.session_id(),
        ada.user_id()
    );
    // What answers no challenge of this kind is not looked up.
    assert_eq!((app.database.count(&failed).await, events(&app, "reauthenticated").await), (4, 0));
    let nobody = prove_by(&app.anonymous(), &mut adas, &of_ada).await;
    assert_eq!(nobody["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_fell_is_refused_and_told() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    let options = asked(&ada).await["passkeyOptions"].clone();
    authenticator.count = 1;
    assert_eq!(prove_by(&ada, &mut authenticator, &options).await, invalid());
    let mails = "SELECT count(*) FROM mails WHERE kind = 'passkey_refused'";
    assert_eq!((events(&app, "passkey_sign_count_fell").await, app.database.count(mails).await), (1, 1));
    assert_eq!((events(&app, "reauthenticated").await, kind(&asked(&ada).await)), (0, "ReauthenticationRequired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_ten_wrong_ones_in_ten_minutes() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    let options = asked(&ada).await["passkeyOptions"].clone();
    let mut forger = Authenticator::synced();
    (forger.id, forger.user_handle) = (authenticator.id.clone(), authenticator.user_handle.clone());
    for expected in ["InvalidPasskey"; 10].into_iter().chain(["RateLimited"; 2]) {
        assert_eq!(kind(&prove_by(&ada, &mut forger, &options).await), expected);
    }
    assert_eq!(kind(&prove_by(&ada, &mut authenticator, &options).await), "RateLimited");
    // Another session of the owner's is not shut out, nor is a sign-in.
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
}
