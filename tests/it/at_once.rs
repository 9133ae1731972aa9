//! Many right passwords at the same moment: none is refused because of the others.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::clock::Stopwatch;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp, until};

/// A server with limits, and an account.
async fn limited(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[&["--rate-limits=on"], flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

/// The types that so many logins at the same moment are answered with.
async fn at_once(logins: impl IntoIterator<Item = (Client, String, &'static str)>) -> Vec<String> {
    let tries =
        logins.into_iter().map(|(client, name, password)| async move { client.login_type(&name, password).await });
    join_all(tries).await
}

fn count(types: &[String], kind: &str) -> usize {
    types.iter().filter(|found| *found == kind).count()
}

/// How often the account was told that there were too many attempts.
const LIMITED: &str = "SELECT count(*) FROM audit_events WHERE kind = 'limited'";

/// Until it is known of every attempt whether it counts.
async fn settled(app: &TestApp) {
    let held = "SELECT count(*) FROM limits WHERE held + held_before > 0";
    until("every attempt is settled", async || app.database.count(held).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_of_one_account_all_succeed_and_its_owner_is_told_of_no_limit() {
    let app = limited(&[]).await;
    let client = app.anonymous();
    let types = at_once((0..40).map(|_| (client.clone(), "ada@example.com".into(), PASSWORD))).await;
    assert_eq!(count(&types, "LoginSuccess"), 40, "{types:?}");
    assert_eq!(app.database.count(LIMITED).await, 0);
    settled(&app).await;
    let taken = "SELECT count(*) FROM limits WHERE full_at > '2026-01-01'";
    assert_eq!(app.database.count(taken).await, 2, "paid for are the registration, and the number of sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_at_two_instances_all_succeed() {
    let app = limited(&["--limit-login=3/10m"]).await;
    let peer = app.peer(&["--rate-limits=on", "--limit-login=3/10m"]).await;
    let (here, there) = (app.anonymous(), peer.visited_by(&app.anonymous()));
    let types = at_once((0..20).map(|number| {
        let client = if number % 2 == 0 { here.clone() } else { there.clone() };
        (client, "ada@example.com".into(), PASSWORD)
    }))
    .await;
    assert_eq!(count(&types, "LoginSuccess"), 20, "{types:?}");
    assert_eq!(app.database.count(LIMITED).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_of_many_accounts_behind_one_address_all_succeed() {
    let app = limited(&["--limit-login-address=4/10m"]).await;
    for number in 0..12 {
        app.registered(&format!("a{number}@example.com")).await;
    }
    let client = app.anonymous().at("127.0.0.2");
    let types =
        at_once((0..24).map(|number| (client.clone(), format!("a{}@example.com", number % 12), PASSWORD))).await;
    assert_eq!(count(&types, "LoginSuccess"), 24, "{types:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_of_one_account_from_many_addresses_all_succeed() {
    let app = limited(&["--limit-login-account=3/1h", "--limit-login-attacked=1/10m"]).await;
    let types = at_once((0..24).map(|number| {
        (app.anonymous().at(&format!("127.0.1.{}", number % 4 + 1)), "ada@example.com".into(), PASSWORD)
    }))
    .await;
    assert_eq!(count(&types, "LoginSuccess"), 24, "{types:?}");
    assert_eq!(app.database.count(LIMITED).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn right_logins_on_one_device_all_succeed_where_its_address_is_used_up() {
    let app = limited(&["--limit-login=2/10m"]).await;
    let device = app.anonymous().login("ada@example.com").await;
    let device = device.device_token().to_owned();
    let here = app.anonymous().at("127.0.0.2");
    for _ in 0..2 {
        assert_eq!(here.login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
    }
    let mine = here.on_device(&device);
    let types = at_once((0..12).map(|_| (mine.clone(), "ada@example.com".into(), PASSWORD))).await;
    assert_eq!(count(&types, "LoginSuccess"), 12, "{types:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_of_one_session_are_all_looked_at_when_it_is_to_be_changed() {
    let app = limited(&["--limit-login=2/10m"]).await;
    let ada = app.anonymous().login("ada@example.com").await;
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    let input = json!({ "i": { "currentPassword": PASSWORD, "newPassword": "password" } });
    let answers = join_all((0..10).map(|_| ada.send(query, input.clone()))).await;
    let weak = |answer: &&Value| answer["data"]["changePassword"]["__typename"] == "WeakPassword";
    assert_eq!(answers.iter().filter(weak).count(), 10, "{answers:?}");
    assert_eq!(app.database.count(LIMITED).await, 0);
}

/// Wrong ones among them: exactly as many as the limit says are compared, now and later together.
#[tokio::test(flavor = "multi_thread")]
async fn of_wrong_ones_among_right_ones_exactly_the_limit_is_compared() {
    let app = limited(&[]).await;
    let peer = app.peer(&["--rate-limits=on"]).await;
    let (here, there) = (app.anonymous(), peer.visited_by(&app.anonymous()));
    let types = at_once((0..60).map(|number| {
        let client = if number % 2 == 0 { here.clone() } else { there.clone() };
        let password = if number % 3 == 0 { PASSWORD } else { "a wrong password" };
        (client, "ada@example.com".into(), password)
    }))
    .await;
    let mut compared = count(&types, "InvalidCredentials");
    assert_eq!(compared + count(&types, "LoginSuccess") + count(&types, "RateLimited"), 60, "{types:?}");
    settled(&app).await;
    for _ in 0..12 {
        compared += usize::from(here.login_type("ada@example.com", "a wrong password").await == "InvalidCredentials");
    }
    assert_eq!(compared, 10, "{types:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_holds_neither_a_connection_nor_a_place_among_the_passwords() {
    let app = limited(&["--database-pool-size=1", "--hashing-threads=1", "--hashing-queue=4"]).await;
    app.registered("eve@example.com").await;
    let waiting = app.anonymous().at("127.0.0.2");
    assert_eq!(waiting.login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
    emptied(&app).await;
    let waiters: Vec<_> = (0..5)
        .map(|_| {
            let client = waiting.clone();
            tokio::spawn(async move { client.login_type("ada@example.com", PASSWORD).await })
        })
        .collect();
    until("they wait", async || app.app.limits.waiting() == 5).await;
    app.anonymous().at("127.0.0.3").login("eve@example.com").await;
    app.database.execute("UPDATE limits SET full_at = '2026-01-01', held = 0, held_before = 0").await;
    for waiter in waiters {
        assert_eq!(waiter.await.expect("an answer"), "LoginSuccess");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_in_vain_is_refused_in_time() {
    let app = limited(&["--request-timeout=2s"]).await;
    let client = app.anonymous().at("127.0.0.2");
    assert_eq!(client.login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
    emptied(&app).await;
    let watch = Stopwatch::start();
    assert_eq!(client.login_type("ada@example.com", PASSWORD).await, "RateLimited");
    assert!(watch.elapsed() < Duration::from_secs(2), "{:?}", watch.elapsed());
    assert_eq!(app.database.count(LIMITED).await, 0, "they may all have been right");
    // Nobody holds it any more: there is nothing to wait for.
    app.database.execute("UPDATE limits SET held = 0, held_before = 0").await;
    assert_eq!(client.login_type("ada@example.com", PASSWORD).await, "RateLimited");
    assert_eq!(app.database.count(LIMITED).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_of_one_document_wait_no_longer_than_one() {
    let app = limited(&["--request-timeout=4s"]).await;
    let client = app.anonymous().at("127.0.0.2");
    assert_eq!(client.login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
    emptied(&app).await;
    let one = format!("login(input: {{ identifier: \"ada@example.com\", password: \"{PASSWORD}\" }}) {{ __typename }}");
    let answer = client.send(&format!("mutation {{ a: {one} b: {one} c: {one} }}"), Value::Null).await;
    for alias in ["a", "b", "c"] {
        assert_eq!(answer["data"][alias]["__typename"], "RateLimited", "{answer}");
    }
}

/// Every bucket is as if others held all that was in it.
async fn emptied(app: &TestApp) {
    let emptied = "UPDATE limits SET full_at = '2026-01-01 00:10:00', held = 10, \
         held_in = floor(extract(epoch FROM clock_timestamp()) / 15) + 1 \
         WHERE full_at < '2026-01-01 00:02:00' AND full_at > '2026-01-01'";
    assert!(app.database.execute(emptied).await > 0);
}
