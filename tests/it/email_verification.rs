//! Proving the address of an account that there is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::flows::{code, expired_meanwhile, held_up, kind, wrong};
use crate::support::{Client, TestApp, until};

const ADA: &str = "ada@example.com";

async fn verified_at(client: &Client) -> Value {
    let answer = client.send("{ me { emailVerifiedAt } }", Value::Null).await;
    assert!(answer["data"]["me"].is_object(), "{answer}");
    answer["data"]["me"]["emailVerifiedAt"].clone()
}

/// The claim of an access token.
fn claim(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("claims");
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
    claims["email_verified"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_proves_the_address_on_every_instance_and_in_access_tokens() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[]).await;
    let elsewhere = peer.continued_by(&ada);
    // Both have it in their caches.
    assert_eq!((verified_at(&ada).await, verified_at(&elsewhere).await), (Value::Null, Value::Null));
    assert_eq!(claim(ada.access_token()), false);
    let started = ada.start_email_verification().await;
    assert_eq!(started["resendAfter"], "2026-01-01T00:01:00Z", "{started}");
    let mail = app.mail_to(ADA).await;
    let answer = app.anonymous().confirm_email(mail.by_link()).await;
    assert_eq!(answer, json!({ "__typename": "ConfirmEmailSuccess", "email": ADA }));
    assert_eq!(verified_at(&ada).await, "2026-01-01T00:00:00Z");
    until("the other instance has heard", async || verified_at(&elsewhere).await == "2026-01-01T00:00:00Z").await;
    assert_eq!(claim(ada.refresh().await.access_token()), true);
    assert_eq!(ada.is_signed_in().await, Ok(()), "it ends no session");
    assert_eq!(kind(&app.anonymous().confirm_email(mail.by_link()).await), "FlowExpired");
    let events = "SELECT count(*) FROM audit_events WHERE kind IN ('email_verification_requested', 'email_verified')";
    assert_eq!(app.database.count(events).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_works_with_the_flow_that_asked_for_it() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = ada.start_email_verification().await;
    let right = app.mail_to(ADA).await.code();
    let refused = ada.confirm_email(code(&started, &wrong(&right))).await;
    assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4)), "{refused}");
    let confirmations = (0..50).map(|_| {
        let (client, proof) = (app.anonymous(), code(&started, &right));
        async move { client.confirm_email(proof).await }
    });
    let outcomes = join_all(confirmations).await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "ConfirmEmailSuccess").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "FlowExpired").count(), 49, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_proven_can_be_proven_again_and_keeps_its_time() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    for _ in 0..2 {
        ada.start_email_verification().await;
        let link = app.mail_to(ADA).await.by_link();
        assert_eq!(kind(&app.anonymous().confirm_email(link).await), "ConfirmEmailSuccess");
        app.clock.advance(std::time::Duration::from_secs(60));
    }
    assert_eq!(verified_at(&ada).await, "2026-01-01T00:00:00Z");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'email_verified'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_in_between_is_not_verified() {
    for change in [
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET disabled_at = now()",
        "DELETE FROM accounts",
    ] {
        let app = TestApp::start().await;
        app.registered(ADA).await.start_email_verification().await;
        let link = app.mail_to(ADA).await.by_link();
        app.database.execute(change).await;
        assert_eq!(kind(&app.anonymous().confirm_email(link).await), "FlowExpired", "{change}");
        let verified = "SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL";
        assert_eq!(app.database.count(verified).await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_waits_for_a_change_of_the_account_that_is_under_way() {
    for change in ["UPDATE accounts SET email = 'other@example.com'", "UPDATE accounts SET disabled_at = now()"] {
        let app = TestApp::start().await;
        app.registered(ADA).await.start_email_verification().await;
        let link = app.mail_to(ADA).await.by_link();
        let client = app.anonymous();
        let answer = held_up(&app, change, async move { client.confirm_email(link).await }, async || {}).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}: {answer}");
        let verified = "SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL";
        assert_eq!(app.database.count(verified).await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_expires_in_between_proves_nothing() {
    let app = TestApp::start().await;
    app.registered(ADA).await.start_email_verification().await;
    let link = app.mail_to(ADA).await.by_link();
    let client = app.anonymous();
    let answer = expired_meanwhile(&app, async move { client.confirm_email(link).await }).await;
    assert_eq!(kind(&answer), "FlowExpired", "{answer}");
    let verified = "SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL";
    assert_eq!(app.database.count(verified).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_signed_in_asks_and_within_the_limits_of_the_address() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered(ADA).await;
    let answer = app.anonymous().start_email_verification().await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
    assert_eq!(kind(&ada.start_email_verification().await), "EmailFlowStarted");
    let again = ada.start_email_verification().await;
    assert_eq!((kind(&again), &again["retryAfter"]), ("RateLimited", &json!(60)), "{again}");
    // All kinds count together, and resets have some in reserve.
    assert_eq!(kind(&app.anonymous().start_email_sign_in(ADA).await), "EmailFlowStarted");
    app.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(kind(&ada.start_email_verification().await), "EmailFlowStarted");
    app.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(kind(&ada.start_email_verification().await), "RateLimited");
    assert_eq!(kind(&app.anonymous().start_email_sign_in(ADA).await), "RateLimited");
    assert_eq!(kind(&app.anonymous().start_password_reset(ADA).await), "EmailFlowStarted");
}
