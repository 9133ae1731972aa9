//! The refresh token in a cookie.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::browser::{Answer, Browser, COOKIE_NAME, OWN};
use crate::support::database::TestDatabase;
use crate::support::told::Telling;
use crate::support::{Client, PASSWORD, TestApp};

async fn keeping_cookies() -> (TestApp, Browser) {
    let app = TestApp::with(&["--cookies=on"]).await;
    app.registered("ada@example.com").await;
    let browser = Browser::new(app.anonymous());
    (app, browser)
}

fn reason(answer: &Answer) -> &str {
    answer.body["data"]["refreshToken"]["reason"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refresh_token_goes_into_the_cookie_and_nowhere_else() {
    let (app, mut browser) = keeping_cookies().await;
    app.clock.advance(Duration::from_millis(400));
    let answer = browser.login("ada@example.com").await;
    let success = &answer.body["data"]["login"];
    assert_eq!(success["session"]["expiresAt"], "2026-01-31T00:00:00.400Z");
    assert_eq!(success["tokens"]["refreshToken"], Value::Null, "{success}");
    let token = browser.cookie.clone().expect("a cookie");
    assert!(token.starts_with("pcr_") && !answer.body.to_string().contains(&token));
    let cookie = format!("{COOKIE_NAME}={token}; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=2592000");
    assert_eq!(answer.set_cookies, [cookie]);

    let access = success["tokens"]["accessToken"].as_str().expect("an access token");
    assert_eq!(app.anonymous().with_token(access).is_signed_in().await, Ok(()));
    let answer = browser.register("eve@example.com").await;
    assert_eq!(answer.body["data"]["register"]["tokens"]["refreshToken"], Value::Null, "{answer:?}");
    assert!(answer.set_cookies[0].contains("pcr_"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_by_cookie_brings_the_next_cookie_and_ends_with_the_session() {
    let (app, mut browser) = keeping_cookies().await;
    let opened = browser.login("ada@example.com").await;
    app.clock.advance(Duration::from_secs(24 * 60 * 60));
    let first = browser.cookie.clone();
    let answer = browser.refresh().await;
    let success = &answer.body["data"]["refreshToken"];
    assert_eq!(success["session"]["id"], opened.body["data"]["login"]["session"]["id"]);
    assert_eq!(success["tokens"]["refreshToken"], Value::Null);
    assert!(answer.set_cookies[0].contains("Max-Age=2505600"), "a day less: {answer:?}");
    assert_ne!(browser.cookie, first);
    let access = success["tokens"]["accessToken"].as_str().expect("an access token");
    assert_eq!(app.anonymous().with_token(access).is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(15 * 24 * 60 * 60));
    let answer = browser.refresh().await;
    assert_eq!((reason(&answer), &browser.cookie), ("EXPIRED", &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_two_tabs_at_once_get_the_same_successor() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let tabs = (0..8).map(|_| {
        let mut tab = browser.clone();
        async move {
            assert_eq!(reason(&tab.refresh().await), "");
            tab.cookie
        }
    });
    let cookies = join_all(tabs).await;
    assert!(cookies[0].is_some() && cookies.iter().all(|cookie| *cookie == cookies[0]), "{cookies:?}");
    let mut lost = browser.clone();
    lost.refresh().await;
    assert_eq!(lost.cookie, cookies[0]);
    assert_eq!(reason(&lost.refresh().await), "", "its successor is good");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_not_accepted_is_cleared_whatever_the_reason() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let stolen = browser.clone();
    browser.refresh().await;
    browser.refresh().await;
    let mut thief = stolen.clone();
    let answer = thief.refresh().await;
    assert_eq!(reason(&answer), "REUSED");
    let cleared = format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0");
    assert_eq!(answer.set_cookies, [cleared]);
    assert_eq!((reason(&browser.refresh().await), &browser.cookie), ("REVOKED", &None));
    for forged in ["", "pcr_", "x.y.z", "\"quoted\"", &"x".repeat(5000)] {
        let mut browser = Browser { cookie: Some(forged.to_owned()), ..stolen.clone() };
        assert_eq!((reason(&browser.refresh().await), &browser.cookie), ("INVALID", &None), "{forged:.20}");
    }
    let answer = browser.refresh().await;
    assert_eq!((reason(&answer), answer.set_cookies.len()), ("INVALID", 0), "nothing to clear: {answer:?}");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'refresh_token_reused'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_comes_twice_is_none() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let genuine = browser.cookie.clone().expect("a cookie");
    let mut twice = Browser { cookie: Some(format!("{genuine}; {COOKIE_NAME}={genuine}")), ..browser.clone() };
    assert_eq!((reason(&twice.refresh().await), &twice.cookie), ("INVALID", &None));
    assert_eq!(reason(&browser.refresh().await), "");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_the_body_goes_before_the_cookie_and_leaves_it_alone() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let kept = browser.cookie.clone();
    let other = app.anonymous().login("ada@example.com").await;
    let query = "mutation($input: RefreshTokenInput) { refreshToken(input: $input) { __typename \
         ... on RefreshTokenSuccess { session { id } tokens { refreshToken } } ... on InvalidRefreshToken { reason } } }";
    let answer = browser.send(query, json!({ "input": { "refreshToken": other.refresh_token() } })).await;
    let success = &answer.body["data"]["refreshToken"];
    assert_eq!(success["session"]["id"], other.session_id());
    assert!(success["tokens"]["refreshToken"].is_string() && answer.set_cookies.is_empty(), "{answer:?}");
    let answer = browser.send(query, json!({ "input": { "refreshToken": "" } })).await;
    assert_eq!((reason(&answer), answer.set_cookies.len()), ("INVALID", 0), "an empty one is one");
    assert_eq!(browser.cookie, kept);
    for none in [json!({ "refreshToken": null }), json!({}), json!(null)] {
        let answer = browser.send(query, json!({ "input": none })).await;
        assert_eq!((reason(&answer), answer.set_cookies.len()), ("", 1), "{none}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_the_session_of_the_cookie_and_clears_it_always() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let mut again = browser.clone();
    let other = app.anonymous().login("ada@example.com").await;
    let answer = Browser { client: Client::clone(&other), ..browser.clone() }.logout().await;
    assert_eq!(answer.body["data"]["logout"]["ended"], true);
    assert!(answer.set_cookies[0].contains("Max-Age=0"), "{answer:?}");
    assert_eq!(other.is_signed_in().await, Err("SESSION_REVOKED".into()), "that of the access token as well");
    assert_eq!(
        app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await,
        1,
        "the registration's"
    );
    let answer = again.logout().await;
    assert_eq!((&answer.body["data"]["logout"]["ended"], &again.cookie), (&json!(false), &None));
    let answer = again.logout().await;
    assert!(answer.set_cookies.is_empty(), "nothing to clear: {answer:?}");

    browser.login("ada@example.com").await;
    app.database.execute("ALTER TABLE sessions RENAME TO gone").await;
    let answer = browser.logout().await;
    assert!(answer.body["errors"][0]["extensions"]["code"].is_string(), "{answer:?}");
    assert_eq!(browser.cookie, None, "whoever comes next to this machine does not go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_sees_the_cookie_as_those_before_it_left_it() {
    let (app, mut browser) = keeping_cookies().await;
    let input = json!({ "identifier": "ada@example.com", "password": PASSWORD, "transport": "COOKIE" });
    let query = "mutation($input: LoginInput!) { login(input: $input) { __typename } logout { ended } \
         refreshToken { __typename } }";
    let answer = browser.send(query, json!({ "input": input })).await;
    let expected = json!({ "login": { "__typename": "LoginSuccess" }, "logout": { "ended": true },
        "refreshToken": { "__typename": "InvalidRefreshToken" } });
    assert_eq!(answer.body, json!({ "data": expected }));
    assert_eq!((answer.set_cookies.len(), &browser.cookie), (1, &None));
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_replaces_the_cookie_and_leaves_the_session_before_to_its_list() {
    let (app, mut browser) = keeping_cookies().await;
    browser.login("ada@example.com").await;
    let before = browser.cookie.clone();
    let answer = browser.login("ada@example.com").await;
    assert_ne!(browser.cookie, before);
    let refreshed = browser.refresh().await;
    assert_eq!(refreshed.body["data"]["refreshToken"]["session"]["id"], answer.body["data"]["login"]["session"]["id"]);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_the_own_session_or_changing_the_password_leaves_the_cookie_to_the_next_refresh() {
    let (app, mut browser) = keeping_cookies().await;
    let answer = browser.login("ada@example.com").await;
    let login = &answer.body["data"]["login"];
    let access = login["tokens"]["accessToken"].as_str().expect("a token");
    browser.client = app.anonymous().with_token(access);
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "another battery staple" });
    let answer = browser.send(change, json!({ "input": input })).await;
    assert_eq!(answer.body["data"]["changePassword"]["__typename"], "ChangePasswordSuccess");
    assert!(answer.set_cookies.is_empty());
    assert_eq!(reason(&browser.refresh().await), "", "the session that asked goes on");
    let revoke = "mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { __typename } }";
    let answer = browser.send(revoke, json!({ "input": { "id": login["session"]["id"] } })).await;
    assert_eq!(answer.body["data"]["revokeSession"]["__typename"], "RevokeSessionSuccess", "{answer:?}");
    assert_eq!((reason(&browser.refresh().await), &browser.cookie), ("REVOKED", &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_no_cookie_is_set_or_read() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let mut browser = Browser::new(app.anonymous());
    let before = app.database.count("SELECT count(*) FROM sessions").await;
    for answer in [browser.login("ada@example.com").await, browser.register("eve@example.com").await] {
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{answer:?}");
        assert!(answer.set_cookies.is_empty(), "{answer:?}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, before);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    let mut browser = Browser { cookie: Some(ada.refresh_token().to_owned()), ..browser };
    let answer = browser.refresh().await;
    assert_eq!((answer.code(), answer.set_cookies.len()), ("BAD_USER_INPUT", 0), "{answer:?}");
    let answer = browser.logout().await;
    assert_eq!((&answer.body["data"]["logout"]["ended"], answer.set_cookies.len()), (&json!(false), 0), "{answer:?}");
    let answer = browser.on(&[("origin", "https://evil.example")]).logout().await;
    assert_eq!(answer.status, 200, "what is not read is not guarded");
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transport_that_can_not_be_had_is_told_before_anything_is_looked_up_or_hashed() {
    for (flags, says, code) in [
        (&["--cookies=off"], OWN, "BAD_USER_INPUT"),
        (&["--cookies=on"], [("origin", "https://evil.example")].as_slice(), "FORBIDDEN"),
    ] {
        let app = TestApp::with(flags).await;
        app.database.execute("ALTER TABLE accounts RENAME TO gone").await;
        let mut browser = Browser::new(app.anonymous()).on(says);
        for answer in [browser.login("ada@example.com").await, browser.register("ada@example.com").await] {
            assert_eq!(answer.code(), code, "the database would have failed it: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_log_nor_a_span_nor_a_metric_shows_a_cookie() {
    let database = TestDatabase::new().await;
    let telling = Telling::start(&database.url, &[("PORTCULLIS_COOKIES", "on")]).await;
    let mut browser = Browser::new(telling.server.client());
    browser.register("ada@example.com").await;
    let first = browser.cookie.clone().expect("a cookie");
    browser.refresh().await;
    let second = browser.cookie.clone().expect("a cookie");
    browser.on(&[("origin", "https://evil.example")]).refresh().await;
    let twice = format!("{second}; {COOKIE_NAME}={second}");
    Browser { cookie: Some(twice), ..browser.clone() }.refresh().await;
    browser.logout().await;
    let told = telling.stop().await;
    assert_eq!(told.requests(), 5);
    for secret in [first, second] {
        told.lacks(secret.rsplit('.').next().expect("a MAC"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_has_signed_in_before_gets_in_where_its_address_is_used_up() {
    let app = TestApp::with(&["--cookies=on", "--rate-limits=on"]).await;
    app.registered("ada@example.com").await;
    let mut browser = Browser::new(app.anonymous());
    let answer = browser.login("ada@example.com").await;
    let device = browser.device.clone().expect("a cookie");
    assert!(device.contains("=pcd_") && !answer.body.to_string().contains("pcd_"), "{device}");
    assert!(device.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=7776000"), "{device}");
    browser.logout().await;
    assert_eq!(browser.device.as_ref(), Some(&device), "it outlives the session");
    for _ in 0..12 {
        app.anonymous().login_type("ada@example.com", "a wrong password").await;
    }
    let mut stranger = Browser { device: None, ..browser.clone() };
    assert_eq!(stranger.login("ada@example.com").await.body["data"]["login"]["__typename"], "RateLimited");
    assert_eq!(browser.login("ada@example.com").await.body["data"]["login"]["__typename"], "LoginSuccess");
    let value = |cookie: &str| cookie.split(';').next().map(str::to_owned);
    assert_eq!(browser.device.as_deref().and_then(value), value(&device), "it stays the same device");
}
