//! How many answers are verified, and how many sessions are opened.

use serde_json::{Value, json};

use super::{ADA, finish, sign_in, start, with_passkey};
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::support::{Client, TestApp, until};
use crate::totp::events;

const HELD: &str = "SELECT count(*) FROM limits WHERE held + held_before > 0";

/// An authenticator with another key for the same passkey.
fn forger(authenticator: &Authenticator) -> Authenticator {
    let mut forger = Authenticator::synced();
    (forger.id, forger.user_handle) = (authenticator.id.clone(), authenticator.user_handle.clone());
    forger
}

/// Sends so many answers, one after the other, and counts those that were not limited.
async fn accepted(app: &TestApp, client: &Client, authenticator: &mut Authenticator, tries: usize) -> usize {
    let mut accepted = 0;
    for _ in 0..tries {
        let outcome = sign_in(client, authenticator).await;
        accepted += usize::from(kind(&outcome) != "RateLimited");
        until("what was taken is settled", async || app.database.count(HELD).await == 0).await;
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_count_for_the_address_and_keep_nobody_else_out() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-address=5/10m"]).await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let stranger = app.anonymous().at("127.0.0.9");
    assert_eq!(accepted(&app, &stranger, &mut forger(&authenticator), 8).await, 5);
    let limited = sign_in(&stranger, &mut authenticator).await;
    assert!(limited["retryAfter"].as_i64().is_some_and(|seconds| (1..=600).contains(&seconds)), "{limited}");
    // An answer that was used before is a failure too, and what is no answer to a challenge of ours is not verified.
    let other = app.anonymous().at("127.0.0.10");
    let answer = authenticator.sign_in(&start(&other).await);
    let mut outcomes = Vec::new();
    for _ in 0..7 {
        outcomes.push(kind(&finish(&other, &answer).await).to_owned());
        until("what was taken is settled", async || app.database.count(HELD).await == 0).await;
    }
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "FlowExpired").count(), 5, "{outcomes:?}");
    assert_eq!((outcomes[0].as_str(), outcomes[6].as_str()), ("LoginSuccess", "RateLimited"));
    // What succeeds does not count for the address.
    assert_eq!(accepted(&app, &app.anonymous(), &mut authenticator, 8).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn right_ones_count_for_the_account_and_other_addresses_have_a_few_of_their_own() {
    let flags = ["--rate-limits=on", "--limit-sessions=3/1h", "--limit-login-attacked=2/1h"];
    let app = TestApp::with(&flags).await;
    let (mut adas, mut graces) = (Authenticator::synced(), Authenticator::synced());
    with_passkey(&app, ADA, &mut adas).await;
    with_passkey(&app, "grace@example.com", &mut graces).await;
    assert_eq!(accepted(&app, &app.anonymous(), &mut adas, 7).await, 5);
    assert_eq!(accepted(&app, &app.anonymous().at("127.0.0.9"), &mut adas, 3).await, 2);
    assert_eq!(accepted(&app, &app.anonymous(), &mut graces, 1).await, 1);
    assert_eq!(events(&app, "logged_in").await, 8);
    // Whoever claims to be Grace and is not opens no session, and takes none of hers.
    let mut forger = forger(&graces);
    assert_eq!(accepted(&app, &app.anonymous().at("127.0.0.10"), &mut forger, 6).await, 6);
    assert_eq!(accepted(&app, &app.anonymous(), &mut graces, 2).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_wrong_answers_at_once_are_verified_no_more_often() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-address=5/10m"]).await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let mut forger = forger(&authenticator);
    let mut answers = Vec::new();
    for _ in 0..50 {
        answers.push(forger.sign_in(&start(&app.anonymous()).await));
    }
    let outcomes = futures_util::future::join_all(answers.iter().map(|answer| {
        let client = app.anonymous();
        async move { finish(&client, answer).await }
    }));
    let outcomes = outcomes.await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "InvalidPasskey").count(), 5, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "RateLimited").count(), 45, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn not_every_failure_is_written_down_and_passkeys_of_nobody_hide_none() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    for _ in 0..30 {
        let mut unknown = Authenticator::synced();
        unknown.user_handle = authenticator.user_handle.clone();
        assert_eq!(kind(&sign_in(&app.anonymous(), &mut unknown).await), "InvalidPasskey");
    }
    let of_ada =
        format!("SELECT count(*) FROM audit_events WHERE kind = 'login_failed' AND account_id = '{}'", ada.user_id());
    assert_eq!(app.database.count(&of_ada).await, 0);
    let mut forger = forger(&authenticator);
    for _ in 0..25 {
        assert_eq!(kind(&sign_in(&app.anonymous(), &mut forger).await), "InvalidPasskey");
    }
    assert_eq!(app.database.count(&of_ada).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn beginnings_are_limited_by_address() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-attempts=5/1m"]).await;
    for _ in 0..5 {
        assert!(start(&app.anonymous()).await["challenge"].is_string());
    }
    let limited = start(&app.anonymous()).await;
    assert_eq!(limited["data"], json!({ "startPasskeySignIn": null }));
    let told = &limited["errors"][0]["extensions"];
    assert_eq!((&told["code"], told["retryAfter"].is_number()), (&json!("RATE_LIMITED"), true), "{limited}");
    let aliases: String = (0..6).map(|number| format!("a{number}: startPasskeySignIn {{ expiresAt }} ")).collect();
    let other = app.anonymous().at("127.0.0.9").send(&format!("mutation {{ {aliases} }}"), Value::Null).await;
    assert_eq!(other["errors"].as_array().map(Vec::len), Some(1), "{other}");
}
