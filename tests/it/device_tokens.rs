//! Device tokens: whom they may slow down, and when they expire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::{Client, PASSWORD, SignedIn, TestApp};

const NEW: &str = "another staple for the horse";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn limited(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[&["--rate-limits=on"], flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

async fn change(client: &Client, current: &str, new: &str) -> Value {
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    let answer = client.send(query, json!({ "i": { "currentPassword": current, "newPassword": new } })).await;
    answer["data"]["changePassword"]["__typename"].clone()
}

/// The same client on the device that it has just signed in on.
fn device(client: &SignedIn) -> Client {
    client.on_device(client.device_token())
}

/// Uses up the attempts of this address for the account. Then only a known device can log in from there.
async fn used_up(app: &TestApp, address: &str) -> Client {
    let client = app.anonymous().at(address);
    for _ in 0..20 {
        if client.login_type("ada@example.com", "a wrong password").await == "RateLimited" {
            return client;
        }
    }
    panic!("the address is never used up");
}

async fn is_known(client: &Client, password: &str) -> bool {
    match client.login_type("ada@example.com", password).await.as_str() {
        "LoginSuccess" => true,
        "RateLimited" => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_device_nor_a_session_keeps_an_owner_from_changing_the_password() {
    let app = limited(&["--limit-attempts=4/1h"]).await;
    let owner = app.anonymous().login("ada@example.com").await;
    let other = app.anonymous().login("ada@example.com").await;
    let thief = device(&app.anonymous().at("127.0.0.2").login("ada@example.com").await);
    for _ in 0..12 {
        thief.login_type("ada@example.com", "a wrong password").await;
    }
    for _ in 0..12 {
        change(&other, PASSWORD, "password").await;
    }
    assert_eq!(change(&other, PASSWORD, "password").await, "RateLimited", "a session has an end");
    assert_eq!(change(&owner, PASSWORD, NEW).await, "ChangePasswordSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_guesses_leaves_the_owner_the_changes_of_the_account() {
    let app = limited(&["--limit-attempts=20/1h", "--limit-login=2/10m", "--limit-login-attacked=1/1h"]).await;
    let owner = app.anonymous().login("ada@example.com").await;
    let thief = app.anonymous().login("ada@example.com").await;
    for _ in 0..20 {
        change(&thief, "a wrong password", NEW).await;
    }
    for _ in 0..10 {
        assert_eq!(change(&owner, PASSWORD, "password").await, "WeakPassword");
    }
    assert_eq!(change(&owner, PASSWORD, NEW).await, "ChangePasswordSuccess");
}

/// Successes are given back, so only what an instance counts in memory bounds them.
#[tokio::test(flavor = "multi_thread")]
async fn all_devices_of_an_account_together_have_a_bound_though_all_is_right() {
    let app = limited(&["--limit-attempts=6/1h", "--limit-login=2/1h"]).await;
    let mut devices = Vec::new();
    for number in 3..8 {
        devices.push(device(&app.anonymous().at(&format!("127.0.0.{number}")).login("ada@example.com").await));
    }
    let here = app.anonymous().at("127.0.0.2");
    for _ in 0..6 {
        here.try_refresh("rubbish").await;
    }
    let mut opened = 0;
    for device in &devices {
        let mine = Client { device_token: device.device_token.clone(), ..here.clone() };
        for _ in 0..8 {
            opened += usize::from(is_known(&mine, PASSWORD).await);
        }
    }
    assert_eq!(opened, 6 + 4 * 2, "what they have together, and a few for each of the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_device_of_an_account_uses_up_the_tries_of_its_others() {
    let app = limited(&["--limit-attempts=30/1h", "--limit-login=4/10m", "--limit-login-account=6/1h"]).await;
    let mine = device(&app.anonymous().at("127.0.0.2").login("ada@example.com").await);
    for number in 3..8 {
        let thief = device(&app.anonymous().at(&format!("127.0.0.{number}")).login("ada@example.com").await);
        for _ in 0..20 {
            thief.login_type("ada@example.com", "a wrong password").await;
        }
    }
    let here = used_up(&app, "127.0.0.2").await;
    assert!(!is_known(&here, PASSWORD).await, "the control");
    assert!(is_known(&Client { device_token: mine.device_token, ..here }, PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_password_ends_all_device_tokens_from_before_it() {
    let app = limited(&[]).await;
    let owner = app.anonymous().at("127.0.0.3").login("ada@example.com").await;
    let before = device(&app.anonymous().at("127.0.0.3").login("ada@example.com").await);
    let here = used_up(&app, "127.0.0.2").await;
    let old = Client { device_token: before.device_token.clone(), ..here.clone() };
    assert!(is_known(&old, PASSWORD).await, "the control");
    // At the same moment, by a clock that stands still.
    assert_eq!(change(&owner, PASSWORD, NEW).await, "ChangePasswordSuccess");
    assert!(!is_known(&old, NEW).await);
    let answer = app.anonymous().at("127.0.0.3").try_login("ada@example.com", NEW).await;
    let token = answer["data"]["login"]["deviceToken"].as_str().expect("a device token").to_owned();
    assert!(is_known(&here.on_device(&token), NEW).await, "one from after it");
    // A device with an old token counts exactly like a stranger.
    let stranger = Client { device_token: before.device_token, ..app.anonymous().at("127.0.0.4") };
    let mut compared = 0;
    for _ in 0..15 {
        compared +=
            usize::from(stranger.login_type("ada@example.com", "a wrong password").await == "InvalidCredentials");
    }
    assert_eq!(compared, 10);
    assert_eq!(change(&owner, NEW, PASSWORD).await, "ChangePasswordSuccess");
    assert!(!is_known(&here.on_device(&token), PASSWORD).await, "the next change ends that as well");
    assert!(!is_known(&old, PASSWORD).await, "the password of before brings no token back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_replaced_by_a_stronger_one_ends_no_device_token() {
    let app = limited(&[]).await;
    let mine = device(&app.anonymous().at("127.0.0.3").login("ada@example.com").await);
    let peer = app.peer(&["--rate-limits=on", "--argon2-iterations=2"]).await;
    let hash = "SELECT count(*) FROM passwords WHERE hash LIKE '%t=2%'";
    peer.visited_by(&app.anonymous().at("127.0.0.3")).login("ada@example.com").await;
    assert_eq!(app.database.count(hash).await, 1, "the control");
    let here = used_up(&app, "127.0.0.2").await;
    assert!(is_known(&Client { device_token: mine.device_token, ..here }, PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_forgotten_after_ninety_days_without_a_login() {
    let app = limited(&[]).await;
    let mut mine = device(&app.anonymous().at("127.0.0.3").login("ada@example.com").await);
    for _ in 0..3 {
        app.clock.advance(DAY * 60);
        let here = used_up(&app, "127.0.0.2").await;
        let here = Client { device_token: mine.device_token.clone(), ..here };
        mine = device(&here.login("ada@example.com").await);
    }
    app.clock.advance(DAY * 90);
    let here = used_up(&app, "127.0.0.2").await;
    assert!(!is_known(&Client { device_token: mine.device_token, ..here }, PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_no_longer_after_a_change_and_again_after_the_next_login() {
    let app = limited(&["--cookies=on", "--limit-login=3/10m"]).await;
    let owner = app.anonymous().at("127.0.0.3").login("ada@example.com").await;
    let here = app.anonymous().at("127.0.0.2");
    let mut browser = Browser::new(here.clone());
    browser.login("ada@example.com").await;
    let before = browser.device.clone().expect("a cookie");
    assert_eq!(change(&owner, PASSWORD, NEW).await, "ChangePasswordSuccess");
    assert_eq!(change(&owner, NEW, PASSWORD).await, "ChangePasswordSuccess");
    used_up(&app, "127.0.0.2").await;
    let answer = browser.login("ada@example.com").await;
    assert_eq!(answer.body["data"]["login"]["__typename"], "RateLimited", "{answer:?}");
    app.clock.advance(Duration::from_secs(600));
    browser.login("ada@example.com").await;
    assert_ne!(browser.device.as_ref(), Some(&before), "a login replaces it");
    used_up(&app, "127.0.0.2").await;
    let answer = browser.login("ada@example.com").await;
    assert_eq!(answer.body["data"]["login"]["__typename"], "LoginSuccess", "{answer:?}");
}
