//! Logging out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_the_session_of_the_token_and_no_other() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    assert!(laptop.logout().await);
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(phone.is_signed_in().await, Ok(()));
    assert!(!laptop.logout().await, "harmless when repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_works_with_an_access_token_that_has_expired() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(client.is_signed_in().await, Err("TOKEN_EXPIRED".into()));
    assert!(client.logout().await);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_works_with_a_refresh_token_alone() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    assert!(app.anonymous().logout_with(client.refresh_token()).await);
    assert_eq!(client.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert!(!app.anonymous().logout_with(client.refresh_token()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_of_two_sessions_end_both() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    assert!(laptop.logout_with(phone.refresh_token()).await);
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(phone.is_signed_in().await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_token_of_ours_ends_nothing_and_is_no_error() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let other = TestApp::start().await.registered("ada@example.com").await;
    let (start, mac) = client.refresh_token().rsplit_once('.').expect("a MAC");
    let (session, _) = start.rsplit_once('.').expect("a counter");
    let forged = [
        String::new(),
        "pcr_".into(),
        client.access_token().into(),
        other.refresh_token().into(),
        format!("{session}.2.{mac}"),
        format!("{session}.01.{mac}"),
        format!("{session}.+1.{mac}"),
        format!("{start}.{}", mac.chars().rev().collect::<String>()),
        format!("{}.x", client.refresh_token()),
        "pcr_".repeat(5000),
    ];
    for token in &forged {
        assert!(!app.anonymous().logout_with(token).await, "{token:.80}");
    }
    for token in forged
        .iter()
        .filter(|token| *token != client.access_token())
        .map(String::as_str)
        .chain([client.refresh_token()])
    {
        assert!(!app.anonymous().with_token(token).logout().await, "{token:.80}");
    }
    assert!(!app.anonymous().logout().await);
    assert_eq!(client.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_without_a_token_is_as_none() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let query = "mutation($input: LogoutInput) { logout(input: $input) { ended } }";
    for input in [json!(null), json!({}), json!({ "refreshToken": null })] {
        let answer = app.anonymous().send(query, json!({ "input": input })).await;
        assert_eq!(answer["data"]["logout"]["ended"], false, "{answer}");
    }
    let answer = client.send(query, json!({ "input": {} })).await;
    assert_eq!(answer, json!({ "data": { "logout": { "ended": true } } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn me_and_logout_in_one_request_go_in_their_order() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let answer = client.send("mutation { first: logout { ended } second: logout { ended } }", Value::Null).await;
    assert_eq!(answer["data"], json!({ "first": { "ended": true }, "second": { "ended": false } }));
}
