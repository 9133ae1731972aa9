//! Registrations that are confirmed by mail.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::{PASSWORD, TestApp};

const VERIFIED: &[&str] = &["--email-verification=required"];

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
    let flow = &pending["flow"];
    let proof = |code: &str| json!({ "code": { "flow": flow, "code": code } });
    let wrong = if code.starts_with('0') { "10000000" } else { "00000000" };
    let refused = confirm(&client, proof(wrong)).await;
    assert_eq!((&refused["__typename"], &refused["triesLeft"]), (&json!("InvalidCode"), &json!(4)), "{refused}");
    assert_eq!(confirm(&client, proof(&code)).await["__typename"], "RegisterSuccess");
    assert_eq!(confirm(&client, proof(&code)).await["__typename"], "FlowExpired");
}
