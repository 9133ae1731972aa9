//! Pages of other origins that make a browser send its cookies.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::{Client, PASSWORD, TestApp};

const APP: &str = "https://app.example.com";

type Says = &'static [(&'static str, &'static str)];

/// Pages that may use cookies.
const TRUSTED: &[Says] = &[
    &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")],
    &[("origin", "http://localhost:8080")],
    &[("sec-fetch-site", "same-origin")],
    &[("origin", APP), ("sec-fetch-site", "same-site")],
    &[("origin", APP), ("sec-fetch-site", "cross-site")],
    &[("origin", APP)],
    // No page sends a POST without one or the other.
    &[],
];

/// Pages that may not.
const FOREIGN: &[Says] = &[
    &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example"), ("sec-fetch-site", "same-site")],
    &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", "null"), ("sec-fetch-site", "same-origin")],
    &[("origin", "null"), ("sec-fetch-site", "cross-site")],
    &[("origin", "")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "none")],
    &[("origin", "http://localhost:8080"), ("sec-fetch-site", "none")],
    &[("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "Same-Origin")],
    &[("sec-fetch-site", "")],
    &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    &[("origin", APP), ("origin", "https://evil.example")],
    &[("origin", APP), ("origin", APP)],
    &[("origin", "https://app.example.com.evil.com")],
    &[("origin", "https://evil-app.example.com")],
    &[("origin", "https://app.example.com:8443")],
    &[("origin", "http://app.example.com")],
    &[("origin", "https://APP.example.com")],
    &[("origin", "https://app.example.com/")],
    &[("origin", "https://app.example.com https://evil.example")],
    &[("origin", "https://localhost:8080")],
    &[("origin", "http://localhost")],
    &[("origin", "http://127.0.0.1:8080")],
];

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_taken_from_pages_of_ours_alone_and_else_nothing_is_executed() {
    let app = TestApp::with(&["--cookies=on", "--allowed-origins", APP]).await;
    app.registered("ada@example.com").await;
    let mut browser = Browser::new(app.anonymous());
    for says in TRUSTED {
        browser = browser.on(says);
        assert_eq!(
            browser.login("ada@example.com").await.body["data"]["login"]["__typename"],
            "LoginSuccess",
            "{says:?}"
        );
        let answer = browser.refresh().await;
        assert_eq!(answer.body["data"]["refreshToken"]["__typename"], "RefreshTokenSuccess", "{says:?}: {answer:?}");
    }
    let kept = browser.cookie.clone();
    let counters = "SELECT sum(refresh_counter)::bigint FROM sessions";
    let before = app.database.count(counters).await;
    for says in FOREIGN {
        browser = browser.on(says);
        for answer in [browser.refresh().await, browser.logout().await, browser.login("ada@example.com").await] {
            assert_eq!((answer.status.as_u16(), answer.code()), (403, "FORBIDDEN"), "{says:?}: {answer:?}");
            assert!(answer.body["data"].is_null() && answer.set_cookies.is_empty(), "{says:?}: {answer:?}");
            assert!(answer.headers.get("access-control-allow-origin").is_none_or(|origin| origin == APP), "{says:?}");
        }
    }
    assert_eq!(browser.cookie, kept);
    assert_eq!(app.database.count(counters).await, before, "nothing was executed");
    let sessions = i64::try_from(TRUSTED.len()).expect("a number") + 1;
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, sessions);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_foreign_page_is_given_a_cookie() {
    let app = TestApp::with(&["--cookies=on", "--allowed-origins", APP]).await;
    let ada = app.registered("ada@example.com").await;
    for says in FOREIGN {
        let mut browser = Browser::new(app.anonymous()).on(says);
        for answer in
            [browser.login("ada@example.com").await, browser.register("eve@example.com").await, browser.refresh().await]
        {
            assert_eq!(answer.code(), "FORBIDDEN", "{says:?}: {answer:?}");
            assert!(answer.set_cookies.is_empty(), "{says:?}: {answer:?}");
        }
        // A page may use a token that it has, because no browser adds that by itself.
        browser.client = Client::clone(&ada);
        let answer = browser.send("{ me { id } }", json!(null)).await;
        assert_eq!(answer.body["data"]["me"]["id"], ada.user_id(), "{says:?}: {answer:?}");
        let answer = browser.client.try_login("ada@example.com", PASSWORD).await;
        assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "{says:?}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_that_was_asked_counts_only_where_the_browser_says_same_origin() {
    let app = TestApp::with(&["--cookies=on"]).await;
    app.registered("ada@example.com").await;
    let origin: &'static str = format!("http://{}", app.address).leak();
    let mut browser = Browser::new(app.anonymous()).on(&[("origin", origin), ("sec-fetch-site", "same-origin")]);
    browser.login("ada@example.com").await;
    assert_eq!(browser.refresh().await.status, 200, "another address of ours than that in the settings");
    assert_eq!(browser.on(&[("origin", origin)]).refresh().await.status, 403);
    assert_eq!(browser.on(&[("origin", origin), ("sec-fetch-site", "cross-site")]).refresh().await.status, 403);
    let lie: Says =
        &[("origin", "http://evil.example"), ("sec-fetch-site", "same-site"), ("x-forwarded-host", "evil.example")];
    assert_eq!(browser.on(lie).refresh().await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_can_not_send_a_cookie_anywhere() {
    let app = TestApp::with(&["--cookies=on"]).await;
    app.registered("ada@example.com").await;
    let mut browser = Browser::new(app.anonymous());
    browser.login("ada@example.com").await;
    let cookie = format!("{}={}", crate::support::browser::COOKIE_NAME, browser.cookie.expect("a cookie"));
    let body = json!({ "query": "mutation { logout { ended } }" }).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = app.anonymous().http.post(app.url("/graphql")).header("content-type", content_type);
        let request = request.header("cookie", &cookie).header("origin", "http://localhost:8080").body(body.clone());
        assert_eq!(request.send().await.expect("an answer").status(), 415, "{content_type}");
    }
    let get =
        app.anonymous().http.get(app.url("/graphql?query=mutation%7Blogout%7Bended%7D%7D")).header("cookie", &cookie);
    assert_eq!(get.send().await.expect("an answer").status(), 405);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL").await, 0);
}
