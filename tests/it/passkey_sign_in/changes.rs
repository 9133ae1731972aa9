//! What changes while a sign-in waits for the account's row.

use std::time::Duration;

use super::{ADA, finish, opened, start, with_passkey};
use crate::support::TestApp;
use crate::support::flows::{held_up, kind};
use crate::support::passkeys::Authenticator;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_sign_in_waits_for_wins() {
    for (change, outcome) in [
        ("UPDATE accounts SET disabled_at = now()", "InvalidPasskey"),
        ("SELECT FROM accounts FOR UPDATE; DELETE FROM passkeys", "InvalidPasskey"),
        ("DELETE FROM accounts", "InvalidPasskey"),
        ("SELECT FROM accounts FOR UPDATE; UPDATE passkeys SET sign_count = 1000", "InvalidPasskey"),
        (
            "SELECT FROM accounts FOR UPDATE; UPDATE passkeys SET sign_count = 1000, is_backup_eligible = true",
            "LoginSuccess",
        ),
        ("UPDATE accounts SET session_generation = session_generation + 1", "LoginSuccess"),
    ] {
        let app = TestApp::start().await;
        let mut authenticator = Authenticator::device_bound();
        with_passkey(&app, ADA, &mut authenticator).await;
        let (client, answer) = (app.anonymous(), authenticator.sign_in(&start(&app.anonymous()).await));
        let answer = held_up(&app, change, async move { finish(&client, &answer).await }, async || {}).await;
        assert_eq!(kind(&answer), outcome, "{change}");
        assert_eq!(opened(&app).await, i64::from(outcome == "LoginSuccess"), "{change}");
        if outcome == "LoginSuccess" {
            let ada = app.anonymous().signed_in(&answer);
            assert_eq!(ada.is_signed_in().await, Ok(()), "{change}: the session is of the new generation");
        }
    }
}

/// It was good when the answer was read, and the look-up that follows waits for a limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_expires_while_the_passkey_is_looked_up_opens_nothing() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let first = authenticator.sign_in(&start(&app.anonymous()).await);
    assert_eq!(kind(&finish(&app.anonymous(), &first).await), "LoginSuccess");
    let (client, late) = (app.anonymous(), authenticator.sign_in(&start(&app.anonymous()).await));
    let expire = async || app.clock.advance(Duration::from_secs(600));
    let answer = held_up(&app, "SELECT FROM limits FOR UPDATE", async move { finish(&client, &late).await }, expire);
    assert_eq!(kind(&answer.await), "FlowExpired");
    assert_eq!(opened(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_used_session_makes_room() {
    let app = TestApp::with(&["--max-sessions=2"]).await;
    let mut authenticator = Authenticator::synced();
    let first = with_passkey(&app, ADA, &mut authenticator).await;
    assert_eq!(first.is_signed_in().await, Ok(()));
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(90));
        let answer = authenticator.sign_in(&start(&app.anonymous()).await);
        assert_eq!(kind(&finish(&app.anonymous(), &answer).await), "LoginSuccess");
    }
    assert_eq!(first.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'session_revoked'").await, 1);
}
