//! Proving again, in a session, who one is.

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::database::BLOCKED;
use crate::support::{Client, PASSWORD, TestApp, until};

const MINUTE: Duration = Duration::from_secs(60);

/// The start of the tests' clock, in seconds.
const START: i64 = 1_767_225_600;

const QUERY: &str = "mutation Prove($input: ReauthenticateInput!) { reauthenticate(input: $input) { __typename \
    ... on ReauthenticateSuccess { freshUntil tokens { accessToken accessTokenExpiresAt refreshToken tokenType } } \
    ... on UserError { code message } ... on RateLimited { retryAfter } ... on ReauthenticationRequired { methods } } }";

/// The answer of `reauthenticate`.
pub(crate) async fn prove(client: &Client, password: &str) -> Value {
    let input = json!({ "input": { "factor": { "password": password } } });
    let answer = client.send(QUERY, input).await;
    if answer["data"]["reauthenticate"].is_null() { answer } else { answer["data"]["reauthenticate"].clone() }
}

/// The claims `auth_time` and `amr` of an access token, unverified.
fn proof(token: &str) -> (i64, Value) {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let claims: Value = serde_json::from_slice(&bytes).expect("claims");
    (claims["auth_time"].as_i64().expect("seconds"), claims["amr"].clone())
}

async fn events(app: &TestApp, kind: &str) -> i64 {
    let of = format!(
        "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id WHERE kind = '{kind}'"
    );
    app.database.count(&of).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_brings_a_fresh_access_token_and_leaves_the_refresh_token() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.clock.advance(5 * MINUTE);
    let answer = prove(&ada, PASSWORD).await;
    assert_eq!(answer["__typename"], "ReauthenticateSuccess", "{answer}");
    assert_eq!(answer["freshUntil"], "2026-01-01T00:15:00Z");
    let tokens = &answer["tokens"];
    assert_eq!((&tokens["refreshToken"], &tokens["tokenType"]), (&Value::Null, &json!("Bearer")));
    assert_eq!(tokens["accessTokenExpiresAt"], "2026-01-01T00:15:00Z");
    let token = tokens["accessToken"].as_str().expect("a token");
    assert_eq!(proof(token), (START + 300, json!(["pwd"])));
    assert_eq!(ada.with_token(token).is_signed_in().await, Ok(()));
    let shown = "{ me { sessions { nodes { id authenticatedAt methods current } } } }";
    let sessions = ada.with_token(token).send(shown, Value::Null).await;
    let expected = json!([{ "id": ada.session_id(), "authenticatedAt": "2026-01-01T00:05:00Z", "methods": ["PASSWORD"],
        "current": true }]);
    assert_eq!(sessions["data"]["me"]["sessions"]["nodes"], expected);
    // The token from before still does what it did, and a refresh keeps the proof.
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(proof(ada.refresh().await.access_token()), (START + 300, json!(["pwd"])));
    assert_eq!((events(&app, "reauthenticated").await, events(&app, "reauthentication_failed").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_breaks_nothing_and_many_at_once_all_succeed() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let answers = futures_util::future::join_all((0..50).map(|_| prove(&ada, PASSWORD))).await;
    let is_success = |answer: &&Value| answer["__typename"] == "ReauthenticateSuccess";
    assert_eq!(answers.iter().filter(is_success).count(), 50, "{answers:?}");
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE methods = '{password}'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proved_before_is_kept_beside_it() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.database.execute("UPDATE sessions SET methods = '{email}', authenticated_at = NULL").await;
    app.clock.advance(MINUTE);
    let answer = prove(&ada, PASSWORD).await;
    let token = answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(proof(token), (START + 60, json!(["otp", "pwd"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_changes_nothing_and_is_recorded() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.clock.advance(MINUTE);
    let refused = json!({ "__typename": "InvalidCredentials", "code": "INVALID_CREDENTIALS", "message": "That is not the password." });
    for password in ["wrong", "", "correct horse battery stapl", &"x".repeat(10_000)] {
        assert_eq!(prove(&ada, password).await, refused, "{password:.20}");
    }
    assert_eq!((events(&app, "reauthenticated").await, events(&app, "reauthentication_failed").await), (0, 4));
    let untouched = "SELECT count(*) FROM sessions WHERE authenticated_at = created_at AND methods = '{password}'";
    assert_eq!(app.database.count(untouched).await, 1);
    // An account without a password is told the same.
    app.database.execute("DELETE FROM passwords").await;
    assert_eq!(prove(&ada, PASSWORD).await, refused);
    let nobody = prove(&app.anonymous(), PASSWORD).await;
    assert_eq!(nobody["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_count_with_those_of_a_change_of_the_password() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered("ada@example.com").await;
    for expected in ["InvalidCredentials"; 10].into_iter().chain(["RateLimited"; 2]) {
        assert_eq!(prove(&ada, "wrong").await["__typename"], expected);
    }
    let change = "mutation { changePassword(input: { currentPassword: \"wrong\", newPassword: \"another staple for the horse\" }) \
        { __typename } }";
    let answer = ada.send(change, Value::Null).await;
    assert_eq!(answer["data"]["changePassword"]["__typename"], "RateLimited", "{answer}");
    // Who has another session of the account is not locked out.
    let phone = app.anonymous().login("ada@example.com").await;
    assert_eq!(prove(&phone, PASSWORD).await["__typename"], "ReauthenticateSuccess");
}

/// Does `what` while a right password waits for its session's row.
pub(crate) async fn meanwhile(app: &TestApp, client: &Client, what: &str) -> Value {
    app.database.operator.batch_execute(&format!("BEGIN; {what}")).await.expect("a change");
    let client = client.clone();
    let proving = tokio::spawn(async move { prove(&client, PASSWORD).await });
    until("the proof waits", async || app.database.count(BLOCKED).await > 0).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    proving.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_or_a_password_that_is_replaced_meanwhile_wins() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let answer = meanwhile(&app, &ada, "UPDATE sessions SET revoked_at = now()").await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{answer}");
    let grace = app.registered("grace@example.com").await;
    assert_eq!(grace.is_signed_in().await, Ok(()));
    let replaced = "UPDATE passwords SET hash = (SELECT hash FROM passwords JOIN accounts ON id = account_id \
        WHERE email = 'bob@example.com') FROM accounts WHERE id = account_id AND email = 'grace@example.com'";
    let input = json!({ "email": "bob@example.com", "password": "another staple for the horse" });
    app.anonymous().try_register(input).await;
    assert_eq!(meanwhile(&app, &grace, replaced).await["__typename"], "InvalidCredentials");
    let disabled = app.registered("eve@example.com").await;
    assert_eq!(disabled.is_signed_in().await, Ok(()));
    let off = "UPDATE accounts SET disabled_at = now() WHERE email = 'eve@example.com'";
    assert_eq!(meanwhile(&app, &disabled, off).await["__typename"], "InvalidCredentials");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'reauthenticated'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_its_cookie() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let mut browser = Browser::new(app.anonymous());
    let input = json!({ "i": { "email": "ada@example.com", "password": PASSWORD, "transport": "COOKIE" } });
    let register =
        "mutation($i: RegisterInput!) { register(input: $i) { ... on RegisterSuccess { tokens { accessToken } } } }";
    let answer = browser.send(register, input).await;
    let token = answer.body["data"]["register"]["tokens"]["accessToken"].as_str().expect("a token").to_owned();
    let cookie = browser.cookie.clone();
    browser.client = browser.client.with_token(&token);
    let answer = browser.send(QUERY, json!({ "input": { "factor": { "password": PASSWORD } } })).await;
    assert_eq!(answer.body["data"]["reauthenticate"]["tokens"]["refreshToken"], Value::Null, "{answer:?}");
    assert_eq!(answer.body["data"]["reauthenticate"]["__typename"], "ReauthenticateSuccess");
    assert!(cookie.is_some() && answer.set_cookies.is_empty() && browser.cookie == cookie, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_without_one_factor_is_malformed() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for factor in [json!({}), json!({ "password": null }), json!({ "recoveryCode": "123456" }), Value::Null] {
        let answer = ada.send(QUERY, json!({ "input": { "factor": factor } })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{factor}: {answer}");
        assert!(!answer["data"]["reauthenticate"].is_object(), "{answer}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind LIKE 'reauth%'").await, 0);
}
