//! Registrations that are confirmed by mail.

mod abuse;
mod property;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{Peer, SECRET, instance, settings};
use crate::support::client::Client;
use crate::support::{PASSWORD, TestApp};

const VERIFIED: &[&str] = &["--email-verification=required"];

/// A proof by code.
fn by_code(pending: &Value, code: &str) -> Value {
    json!({ "code": { "flow": pending["flow"], "code": code } })
}

/// A code that is not this one.
fn another(code: &str) -> &'static str {
    if code.starts_with('0') { "1000 0000" } else { "0000 0000" }
}

/// The answer of a registration.
async fn register(client: &Client, email: &str) -> Value {
    register_as(client, email, None).await
}

async fn register_as(client: &Client, email: &str, username: Option<&str>) -> Value {
    let query = "mutation($input: RegisterInput!) { register(input: $input) { __typename \
        ... on RegistrationPending { flow expiresAt resendAfter } ... on UserError { code message } } }";
    let input = json!({ "input": { "email": email, "password": PASSWORD, "username": username } });
    let answer = client.send(query, input).await;
    answer["data"]["register"].clone()
}

async fn confirm(client: &Client, proof: Value) -> Value {
    let query = "mutation($input: ConfirmRegistrationInput!) { confirmRegistration(input: $input) { __typename \
        ... on RegisterSuccess { user { id email emailVerifiedAt username } session { id current } \
        tokens { accessToken refreshToken } deviceToken } \
        ... on UserError { code message } ... on InvalidCode { triesLeft } } }";
    let answer = client.send(query, json!({ "input": { "proof": proof } })).await;
    answer["data"]["confirmRegistration"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_becomes_an_account_by_the_link() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let pending = register_as(&client, "ada@example.com", Some("ada")).await;
    assert_eq!(pending["__typename"], "RegistrationPending", "{pending}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
    assert_eq!(client.login_type("ada@example.com", PASSWORD).await, "InvalidCredentials");
    let mail = app.mail_to("ada@example.com").await;
    let confirmed = confirm(&client, json!({ "link": mail.link() })).await;
    assert_eq!(confirmed["__typename"], "RegisterSuccess", "{confirmed}");
    assert_eq!(confirmed["user"]["emailVerifiedAt"], "2026-01-01T00:00:00Z");
    assert_eq!(confirmed["user"]["username"], "ada");
    let signed_in = client.with_token(confirmed["tokens"]["accessToken"].as_str().expect("a token"));
    assert_eq!(signed_in.is_signed_in().await, Ok(()));
    assert_eq!(client.login_type("ada", PASSWORD).await, "LoginSuccess");
    // It is used.
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_becomes_an_account_by_the_code() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let pending = register(&client, "ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();
    let refused = confirm(&client, by_code(&pending, another(&code))).await;
    assert_eq!((&refused["__typename"], &refused["triesLeft"]), (&json!("InvalidCode"), &json!(4)), "{refused}");
    assert_eq!(confirm(&client, by_code(&pending, &code)).await["__typename"], "RegisterSuccess");
    assert_eq!(confirm(&client, by_code(&pending, &code)).await["__typename"], "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_valid_for_ten_minutes_and_a_link_for_an_hour() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let pending = register(&client, "ada@example.com").await;
    assert_eq!(pending["expiresAt"], "2026-01-01T01:00:00Z");
    assert_eq!(pending["resendAfter"], "2026-01-01T00:01:00Z");
    let mail = app.mail_to("ada@example.com").await;
    app.clock.advance(Duration::from_secs(10 * 60));
    assert_eq!(confirm(&client, by_code(&pending, &mail.code())).await["__typename"], "FlowExpired");
    app.clock.advance(Duration::from_secs(50 * 60 - 1));
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "RegisterSuccess");
    register(&client, "eve@example.com").await;
    let mail = app.mail_to("eve@example.com").await;
    app.clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_were_taken_meanwhile_are_told_at_the_confirmation() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let mut links = Vec::new();
    for (email, username) in [("ada@example.com", "ada"), ("ADA@example.com", "lady"), ("eve@example.com", "Ada")] {
        register_as(&client, email, Some(username)).await;
        links.push(app.mail_to(email).await.link());
    }
    let mut outcomes = Vec::new();
    for link in &links {
        outcomes.push(confirm(&client, json!({ "link": link })).await["__typename"].clone());
    }
    assert_eq!(outcomes, ["RegisterSuccess", "EmailTaken", "UsernameTaken"]);
    let told = register_as(&client, "eve@example.com", Some("aDA")).await;
    assert_eq!(told["__typename"], "UsernameTaken", "usernames are public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_waits_ends_when_registration_is_closed() {
    let app = TestApp::with(VERIFIED).await;
    register(&app.anonymous(), "ada@example.com").await;
    let link = app.mail_to("ada@example.com").await.link();
    let peer = app.peer(&["--open-registration=off"]).await;
    let closed = peer.visited_by(&app.anonymous());
    assert_eq!(confirm(&closed, json!({ "link": link })).await["__typename"], "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_for_mails_a_registration_makes_an_account_at_once() {
    let app = TestApp::with(&["--env=production", "--email-verification="]).await;
    assert_eq!(register(&app.anonymous(), "ada@example.com").await["__typename"], "RegisterSuccess");
    let faults = settings(&["--data-dir=/x", "--env=production", "--email-verification=required"]).check();
    let faults = faults.expect_err("a fault").to_string();
    assert!(faults.contains("PORTCULLIS_EMAIL_VERIFICATION: no mail can be sent"), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_outlives_a_restart_and_a_change_of_the_secret() {
    let app = TestApp::with(VERIFIED).await;
    let pending = register(&app.anonymous(), "ada@example.com").await;
    let code = app.mail_to("ada@example.com").await.code();
    let previous = format!("--secret-previous={SECRET}");
    let flags = [VERIFIED, &[previous.as_str(), "--secret=another secret of the tests, long enough"]].concat();
    let other = instance(&app.database.url, &app.clock, "another secret of the tests, long enough", &flags).await;
    let peer = Peer::serve(Arc::new(other.expect("an instance"))).await;
    let other = peer.visited_by(&app.anonymous());
    assert_eq!(confirm(&other, by_code(&pending, &code)).await["__typename"], "RegisterSuccess");
}
