//! Asking for another address.

use serde_json::{Value, json};

use super::{MINUTE, complete, events, start};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_before_the_new_address_is_proven() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let started = start(&ada, " Lovelace@Example.com ").await;
    let flow = started["flow"].as_str().unwrap_or_else(|| panic!("{started}"));
    let expected = json!({ "__typename": "EmailFlowStarted", "flow": flow, "expiresAt": "2026-01-01T01:00:00Z",
        "resendAfter": "2026-01-01T00:01:00Z" });
    assert_eq!(started, expected);
    assert_eq!(ada.me().await["data"]["me"]["email"], "ada@example.com");
    assert_eq!(app.mails_to("Lovelace@example.com").await.len(), 1);
    assert!(app.mails_to("ada@example.com").await.is_empty());
    let mut events = events(&ada).await;
    events.sort_unstable();
    assert_eq!(events, ["EMAIL_CHANGE_REQUESTED", "REGISTERED"]);
    assert_eq!(app.anonymous().login_type("lovelace@example.com", PASSWORD).await, "InvalidCredentials");
    assert_eq!(app.anonymous().login_type("ada@example.com", PASSWORD).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused_and_nobody_else_asks() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for typed in ["", "ada", "ada@", "ada@localhost", "a@example.com\r\nBcc: eve@example.com", &"a".repeat(10_000)] {
        let answer = start(&ada, typed).await;
        assert_eq!(answer["__typename"], "InvalidInput", "{typed:.30}: {answer}");
        assert_eq!(answer["fields"][0]["path"], json!(["input", "newEmail"]));
        assert_eq!(answer["fields"][0]["code"], "INVALID_FORMAT");
    }
    let answer = start(&app.anonymous(), "b@example.com").await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM flows").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_another_account_has_is_answered_alike_and_gets_nothing() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.registered("grace@example.com").await;
    let free = start(&ada, "free@example.com").await;
    for typed in ["grace@example.com", "GRACE@example.COM"] {
        let taken = start(&ada, typed).await;
        let times = |answer: &Value| (answer["expiresAt"].clone(), answer["resendAfter"].clone());
        assert_eq!((&taken["__typename"], times(&taken)), (&free["__typename"], times(&free)), "{taken}");
        let keys = |answer: &Value| answer.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&taken), keys(&free));
        // Guesses of its code are told as any other.
        let guess = json!({ "code": { "flow": taken["flow"], "code": "00000000" } });
        assert_eq!(complete(&app.anonymous(), guess).await["triesLeft"], 4);
    }
    assert!(app.mails_to("grace@example.com").await.is_empty() && app.mails_to("GRACE@example.com").await.is_empty());
    assert_eq!(app.mails_to("free@example.com").await.len(), 1);
    let requested = "SELECT count(*) FROM audit_events WHERE kind = 'email_change_requested'";
    assert_eq!(app.database.count(requested).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_limited_by_recipient_by_client_and_by_account() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-mail=4/1h"]).await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(start(&ada, "b@example.com").await["__typename"], "EmailFlowStarted");
    let again = start(&ada, "B@example.com").await;
    assert_eq!((&again["__typename"], &again["retryAfter"]), (&json!("RateLimited"), &json!(60)), "{again}");
    for expected in ["EmailFlowStarted", "EmailFlowStarted", "RateLimited"] {
        app.clock.advance(MINUTE);
        let answer = start(&ada, "b@example.com").await;
        assert_eq!(answer["__typename"], expected, "by recipient: {answer}");
    }
    // Its own address is not worth less to anybody for that, and another client has not used up its mails.
    let elsewhere = app.anonymous().at("127.0.0.2").login("ada@example.com").await;
    assert_eq!(start(&elsewhere, "c@example.com").await["__typename"], "EmailFlowStarted");
    let answer = start(&elsewhere, "d@example.com").await;
    assert_eq!(answer["__typename"], "RateLimited", "by account: {answer}");
    let grace = app.anonymous().at("127.0.0.2").register("grace@example.com").await;
    assert_eq!(start(&grace, "d@example.com").await["__typename"], "EmailFlowStarted");
    for number in 0..3 {
        assert_eq!(
            start(&grace, &format!("{number}@example.com")).await["__typename"],
            ["EmailFlowStarted", "EmailFlowStarted", "RateLimited"][number]
        );
    }
    let eve = app.anonymous().at("127.0.0.2").register("eve@example.com").await;
    let answer = start(&eve, "e@example.com").await;
    assert_eq!(answer["__typename"], "RateLimited", "by client: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mail_can_be_sent_it_is_off() {
    let production = ["--env=production", "--issuer=https://id.example", "--allowed-origins=https://app.example"];
    let app = TestApp::with(&production).await;
    let ada = app.registered("ada@example.com").await;
    let answer = start(&ada, "b@example.com").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{answer}");
}
