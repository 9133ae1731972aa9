//! Logins that succeed. They do not count as guesses, and still the number of sessions that can be opened is bounded.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::{Client, PASSWORD, TestApp, until};

async fn limited(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[&["--rate-limits=on", "--limit-sessions=5/1h"], flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

/// How many of this many consecutive logins with this password have this outcome.
async fn count(app: &TestApp, client: &Client, password: &str, number: usize, kind: &str) -> usize {
    let mut count = 0;
    for _ in 0..number {
        count += usize::from(client.login_type("ada@example.com", password).await == kind);
        let held = "SELECT count(*) FROM limits WHERE held + held_before > 0";
        until("it is settled", async || app.database.count(held).await == 0).await;
    }
    count
}

async fn opened(app: &TestApp, client: &Client, number: usize) -> usize {
    count(app, client, PASSWORD, number, "LoginSuccess").await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_the_password_opens_so_many_sessions_and_keeps_no_other_address_out() {
    let app = limited(&["--limit-login-attacked=2/10m"]).await;
    let thief = app.anonymous().at("127.0.0.2");
    assert_eq!(opened(&app, &thief, 12).await, 5 + 2);
    let owner = app.anonymous().at("127.0.0.3");
    assert_eq!(opened(&app, &owner, 4).await, 2, "each address has a few left");
    app.registered("eve@example.com").await;
    assert_eq!(thief.login_type("eve@example.com", PASSWORD).await, "LoginSuccess", "another account");
    app.clock.advance(Duration::from_secs(3600 / 5));
    assert_eq!(opened(&app, &app.anonymous().at("127.0.0.4"), 5).await, 1 + 2, "they flow in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_signed_in_before_gets_in_where_its_address_has_none_left() {
    let app = limited(&["--limit-login-attacked=1/10m", "--limit-login=3/10m"]).await;
    let known = app.anonymous().at("127.0.0.2").login("ada@example.com").await;
    let known = known.on_device(known.device_token());
    let here = app.anonymous().at("127.0.0.2");
    assert_eq!(opened(&app, &here, 8).await, 4 + 1);
    assert_eq!(opened(&app, &known, 6).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_there_are_sessions_left_is_not_told_to_who_does_not_know_the_password() {
    let app = limited(&[]).await;
    assert_eq!(opened(&app, &app.anonymous().at("127.0.0.2"), 8).await, 8);
    let stranger = app.anonymous().at("127.0.0.3");
    let compared = count(&app, &stranger, "a wrong password", 15, "InvalidCredentials").await;
    assert_eq!(compared, 10, "as often as for an account that is never signed in to");
    assert_eq!(opened(&app, &app.anonymous().at("127.0.0.4"), 4).await, 3, "and it took nothing of what is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_the_same_moment_open_no_more() {
    let app = limited(&["--limit-login-attacked=1/10m", "--request-timeout=4s"]).await;
    let client = app.anonymous().at("127.0.0.2");
    let types = join_all((0..20).map(|_| client.login_type("ada@example.com", PASSWORD))).await;
    assert_eq!(types.iter().filter(|kind| *kind == "LoginSuccess").count(), 6, "{types:?}");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1 + 6);
}
