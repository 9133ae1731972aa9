//! Origins that are patterns, and origins of apps.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::settings;
use crate::support::browser::Browser;
use crate::support::{PASSWORD, TestApp};

const PATTERNS: &str = "--allowed-origins=https://*.example.app,https://exact.example.app,http://*.localhost:5173";

const EXTENSION: &str = "chrome-extension://abcdefghijklmnopabcdefghijklmnop";

const MATCHED: [&str; 4] = [
    "https://preview-17.example.app",
    "https://xn--bcher-kva.example.app",
    "https://a_b.example.app",
    "http://tenant.localhost:5173",
];

const NOT_MATCHED: [&str; 19] = [
    "https://example.app",
    "https://.example.app",
    "https://*.example.app",
    "https://a.b.example.app",
    "https://a.example.app.evil.com",
    "https://a.example.app:8443",
    "https://a.example.app:443",
    "https://A.example.app",
    "https://a.EXAMPLE.app",
    "http://a.example.app",
    "https://a.example.app/",
    "https://evil.com#.example.app",
    "https://evil.com/.example.app",
    "https://evil.com:1.example.app",
    "https://u@a.example.app",
    "https://aexample.app",
    "https://-.example.app",
    "http://tenant.localhost",
    "null",
];

async fn allowed(app: &TestApp, origin: &str) -> (Option<String>, bool) {
    let preflight = app.anonymous().http.request(Method::OPTIONS, app.url("/graphql")).header("origin", origin);
    let preflight = preflight.header("access-control-request-method", "POST").send().await.expect("an answer");
    let post = app.anonymous().post(json!({ "query": "{ __typename }" }).to_string()).header("origin", origin);
    let post = post.send().await.expect("an answer");
    assert_eq!(post.status(), StatusCode::OK);
    let told = |name| {
        let of = |answer: &reqwest::Response| {
            answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(of(&preflight), of(&post), "{origin}: {name}");
        of(&post)
    };
    (told("access-control-allow-origin"), told("access-control-allow-credentials").is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_stands_for_exactly_one_label_and_is_given_no_cookies() {
    let app = TestApp::with(&["--cookies=on", PATTERNS]).await;
    app.registered("ada@example.com").await;
    for origin in MATCHED {
        assert_eq!(allowed(&app, origin).await, (Some(origin.to_owned()), false), "{origin}");
        let origin: &'static str = origin;
        let mut browser = Browser::new(app.anonymous()).on(&[("origin", origin), ("sec-fetch-site", "same-site")]);
        let answer = browser.login("ada@example.com").await;
        assert_eq!((answer.code(), answer.set_cookies.len()), ("FORBIDDEN", 0), "{origin}");
        browser.cookie = Some("x".to_owned());
        assert_eq!(browser.refresh().await.status, 403, "{origin}");
        let answer = app.anonymous().try_login("ada@example.com", PASSWORD).await;
        assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "by a token it may: {answer}");
    }
    for origin in NOT_MATCHED {
        assert_eq!(allowed(&app, origin).await, (None, false), "{origin}");
    }
    assert!(allowed(&app, "https://exact.example.app").await.1, "what is listed by itself is as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_for_patterns_are_a_setting() {
    let app = TestApp::with(&["--cookies=on", "--cookies-for-patterns=on", PATTERNS]).await;
    app.registered("ada@example.com").await;
    for origin in MATCHED {
        assert_eq!(allowed(&app, origin).await, (Some(origin.to_owned()), true), "{origin}");
        let mut browser = Browser::new(app.anonymous()).on(&[("origin", origin), ("sec-fetch-site", "same-site")]);
        browser.login("ada@example.com").await;
        assert_eq!(
            browser.refresh().await.body["data"]["refreshToken"]["__typename"],
            "RefreshTokenSuccess",
            "{origin}"
        );
    }
    for origin in NOT_MATCHED {
        assert_eq!(allowed(&app, origin).await, (None, false), "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_read_answers_by_their_exact_origin_and_never_have_cookies() {
    let apps = [
        "tauri://localhost",
        "capacitor://localhost",
        "ionic://localhost",
        "app://obsidian.md",
        EXTENSION,
        "moz-extension://0f5a2d6e-9c9c-4c7c-8f0e-3d3c8f1f1a55",
        "safari-web-extension://3BFBC38D-1F71-4D4F-8A41-0F5A2D6E9C9C",
    ];
    let listed = format!("--allowed-origins={},http://tauri.localhost,https://localhost", apps.join(","));
    let app =
        TestApp::with(&["--cookies=on", "--cookies-for-patterns=on", "--issuer=https://auth.example.com", &listed])
            .await;
    app.registered("ada@example.com").await;
    for origin in apps {
        assert_eq!(allowed(&app, origin).await, (Some(origin.to_owned()), false), "{origin}");
        for site in ["cross-site", "same-origin", "same-site", "none"] {
            let mut browser = Browser::new(app.anonymous()).on(&[("origin", origin), ("sec-fetch-site", site)]);
            browser.cookie = Some("x".to_owned());
            assert_eq!(browser.refresh().await.status, 403, "{origin} {site}");
        }
    }
    // An origin that differs from the server's in nothing but its scheme is not the server's.
    let mut browser = Browser::new(app.anonymous()).on(&[
        ("origin", "tauri://localhost"),
        ("host", "localhost"),
        ("sec-fetch-site", "same-origin"),
    ]);
    browser.cookie = Some("x".to_owned());
    assert_eq!(browser.refresh().await.status, 403);
    for origin in ["http://tauri.localhost", "https://localhost"] {
        assert_eq!(allowed(&app, origin).await.0.as_deref(), Some(origin));
    }
    for origin in [
        "tauri://localhost/",
        "tauri://localhos",
        "tauri://localhost:1",
        "TAURI://localhost",
        "http://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnoo",
        "moz-extension://0F5A2D6E-9C9C-4C7C-8F0E-3D3C8F1F1A55",
        "null",
        "file://",
    ] {
        assert_eq!(allowed(&app, origin).await, (None, false), "{origin}");
    }
}

/// The fault that these flags are told, of what is listed.
fn fault(listed: &str, flags: &[&str]) -> String {
    let flags = [&["--data-dir=/x", "--allowed-origins", listed], flags].concat();
    let told = settings(&flags).check().err().map(|all| all.to_string()).unwrap_or_default();
    assert!(told.is_empty() || told.contains("PORTCULLIS_ALLOWED_ORIGINS"), "{told}");
    told
}

#[test]
fn each_origin_that_can_not_be_is_told_with_its_reason() {
    for (listed, why) in [
        ("*", "every page"),
        ("null", "null"),
        ("https://*", "public suffix"),
        ("https://*.app", "public suffix"),
        ("https://*.co.uk", "public suffix"),
        ("https://*.github.io", "public suffix"),
        ("https://*.vercel.app", "public suffix"),
        ("https://*.kawasaki.jp", "public suffix"),
        ("https://*.compute.amazonaws.com", "public suffix"),
        ("https://*.xn--55qx5d.cn", "public suffix"),
        ("https://*.internal", "public suffix"),
        ("https://*.*.example.app", "one label"),
        ("https://**.example.app", "one label"),
        ("https://a*.example.app", "one label"),
        ("https://a.*.example.app", "one label"),
        ("https://*example.app", "one label"),
        ("https://*.", "one label"),
        ("*.example.app", "scheme"),
        ("*://a.example.app", "one label"),
        ("https://a.example.app:*", "one label"),
        ("https://*.example.app/", "path"),
        ("https://*.example.app/path", "path"),
        ("https://*.Example.app", "https://*.example.app"),
        ("https://*.example.app:443", "write https://*.example.app"),
        ("https://*.bücher.example", "write https://*.xn--bcher-kva.example"),
        ("https://*.127.0.0.1", "not an origin"),
        ("https://*.[::1]", "not an origin"),
        ("https://*.example.app.", "dot"),
        ("app.example.com", "scheme"),
        ("file:///app", "null"),
        ("data:text/html", "scheme"),
        ("ws://a.example.com", "no page"),
        ("javascript://x", "no page"),
        ("blob://x", "no page"),
        ("chrome-extension://*", "32 letters"),
        ("chrome-extension://abc", "32 letters"),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnoq", "32 letters"),
        ("moz-extension://*", "UUID"),
        ("moz-extension://abc", "UUID"),
        ("tauri://*", "exact"),
        ("tauri://localhost/", "exact"),
        ("tauri://", "exact"),
        ("tauri://local host", "exact"),
        ("tauri://u@localhost", "exact"),
        ("Tauri://localhost", "exact"),
        ("1app://localhost", "exact"),
    ] {
        let told = fault(listed, &[]);
        assert_eq!(told.lines().count(), 2, "{listed}: {told}");
        assert!(told.contains(why) && told.contains(&format!("{listed:?}")), "{listed}: {told}");
    }
    for sound in [
        "https://*.example.app",
        "https://*.me.github.io:8443",
        "http://*.localhost:3000",
        "tauri://localhost",
        EXTENSION,
    ] {
        assert_eq!(fault(sound, &[]), "", "{sound}");
    }
    assert_eq!(fault("*, https://*.app,https://app.example.com", &[]).lines().count(), 3, "all of them");
}

#[test]
fn a_pattern_with_cookies_is_https_or_this_machine() {
    let (http, on) = ("http://*.example.app", ["--cookies=on", "--cookies-for-patterns=on"]);
    assert_eq!(fault(http, &[]), "");
    assert_eq!(fault(http, &["--cookies=on"]), "", "it has no cookies");
    assert!(fault(http, &on).contains("https"));
    assert_eq!(fault("http://*.localhost:1,https://*.example.app", &on), "");
    let told = settings(&["--data-dir=/x", "--cookies-for-patterns=on"]).check().expect_err("a fault").to_string();
    assert!(told.contains("PORTCULLIS_COOKIES_FOR_PATTERNS: ") && told.contains("PORTCULLIS_COOKIES=on"), "{told}");
}
