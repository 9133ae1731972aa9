//! Several at once, and changes in between.

use futures_util::future::join_all;

use super::{invalid, passkey, show, used, with_passkey};
use crate::second_step::{complete, first};
use crate::support::TestApp;
use crate::support::flows::held_up;
use crate::support::passkeys::Authenticator;
use crate::totp::{events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, &mut authenticator).await;
    let asked = first(&app).await;
    let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
    let answers = join_all((0..50).map(|_| {
        let (client, asked, answer) = (app.anonymous(), asked.clone(), answer.clone());
        async move { complete(&client, &asked, answer).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "LoginSuccess").count(), 1, "{answers:?}");
    assert_eq!((events(&app, "logged_in").await, events(&app, "passkey_used").await), (1, 1));
    assert_eq!(events(&app, "passkey_sign_count_fell").await, 0, "a replay is no sign of a copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_wrong_ones_at_once_five_are_verified() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let asked = first(&app).await;
    authenticator.origin = "https://evil.example".to_owned();
    let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
    let answers = join_all((0..50).map(|_| {
        let (client, asked, answer) = (app.anonymous(), asked.clone(), answer.clone());
        async move { complete(&client, &asked, answer).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "InvalidPasskey").count(), 5, "{answers:?}");
    assert_eq!(events(&app, "second_factor_failed").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_completion_waits_for_wins_and_nothing_is_used_up() {
    for change in [
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET session_generation = session_generation + 1",
        "SELECT FROM accounts FOR UPDATE; UPDATE passwords SET changed_at = changed_at + interval '1 microsecond'",
        "SELECT FROM accounts FOR UPDATE; UPDATE flows SET consumed_at = now()",
    ] {
        let app = TestApp::start().await;
        let mut authenticator = Authenticator::device_bound();
        with_passkey(&app, &mut authenticator).await;
        let challenges = app.database.count("SELECT count(*) FROM used_challenges").await;
        let (asked, client) = (first(&app).await, app.anonymous());
        let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
        let answer = held_up(&app, change, async move { complete(&client, &asked, answer).await }, async || {});
        assert_eq!(kind(&answer.await), "FlowExpired", "{change}");
        assert_eq!(used(&app).await, 0, "{change}");
        assert_eq!(app.database.count("SELECT count(*) FROM used_challenges").await, challenges, "{change}");
    }
}

/// The signature was verified before.
#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_is_removed_or_used_while_a_completion_waits_is_refused() {
    for (change, fell) in [
        ("DELETE FROM passkeys", 0),
        ("UPDATE passkeys SET credential_id = 'another'", 0),
        ("UPDATE passkeys SET sign_count = 1000", 1),
    ] {
        let app = TestApp::start().await;
        let mut authenticator = Authenticator::device_bound();
        with_passkey(&app, &mut authenticator).await;
        let (asked, client) = (first(&app).await, app.anonymous());
        let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
        let change = format!("SELECT FROM accounts FOR UPDATE; {change}");
        let again = asked.clone();
        let answer = held_up(&app, &change, async move { complete(&client, &asked, answer).await }, async || {}).await;
        assert_eq!(answer, invalid(), "{change}");
        assert_eq!((used(&app).await, events(&app, "passkey_sign_count_fell").await), (0, fell), "{change}");
        assert_eq!(events(&app, "second_factor_failed").await, 1, "{change}");
        // The sign-in is not over: whoever has the passkey, if it is there, completes it.
        if fell == 0 {
            assert_eq!(show(&app.anonymous(), &again, &mut authenticator).await, invalid(), "{change}");
        }
    }
}

/// The flow may still live when the challenge does not: that is decided in the statement as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_expires_while_a_completion_waits_opens_nothing() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let (asked, client) = (first(&app).await, app.anonymous());
    app.database.execute("UPDATE flows SET expires_at = expires_at + interval '1 hour'").await;
    let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
    let before = app.clock.clone();
    let late = async || before.advance(std::time::Duration::from_secs(600));
    let lock = "SELECT FROM flows FOR NO KEY UPDATE";
    let answer = held_up(&app, lock, async move { complete(&client, &asked, answer).await }, late).await;
    assert_ne!(kind(&answer), "LoginSuccess", "{answer}");
    assert_eq!(used(&app).await, 0);
}
