//! Who may read the mails of development, and what a hostile mail can do there.

use std::net::SocketAddr;

use reqwest::StatusCode;

use super::{VERIFIED, registering};
use crate::support::TestApp;
use crate::support::raw::Raw;

const PATHS: [&str; 2] = ["/mail", "/mail/html"];

/// The status of a request with these headers from this address of the machine.
async fn status(address: SocketAddr, path: &str, headers: &[&str]) -> u16 {
    let mut connection = Raw::connect(address).await;
    connection.send(&format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n"))).await;
    connection.head().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_shown_on_this_machine_under_its_own_names() {
    let app = TestApp::with(VERIFIED).await;
    registering(&app, "ada@example.com").await;
    for host in ["localhost", "localhost:8080", "LOCALHOST", "app.localhost", "127.0.0.1:1", "127.1.2.3", "[::1]:8080"]
    {
        assert_eq!(status(app.address, "/mail", &[&format!("host: {host}")]).await, 200, "{host}");
    }
    for path in PATHS {
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "0.0.0.0",
            "x@localhost",
            "",
            "[::]",
        ] {
            assert_eq!(status(app.address, path, &[&format!("host: {host}")]).await, 403, "{path} {host}");
        }
        for header in [
            "forwarded: for=127.0.0.1",
            "x-forwarded-for: 127.0.0.1",
            "X-Forwarded-For:",
            "x-forwarded-host: localhost",
            "x-forwarded-proto: https",
            "x-real-ip: 127.0.0.1",
            "via: 1.1 proxy",
            "true-client-ip: 127.0.0.1",
            "cf-connecting-ip: 127.0.0.1",
            "x-original-forwarded-for: 127.0.0.1",
        ] {
            assert_eq!(status(app.address, path, &["host: localhost", header]).await, 403, "{path} {header}");
        }
    }
    assert_eq!(status(app.address, "/mail", &["host: localhost", "host: example.com"]).await, 400);
    // HTTP/1.0 has no Host.
    let mut old = Raw::connect(app.address).await;
    old.send("GET /mail HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.head().await.status, 403);
}

/// A trusted proxy on this machine passes on what others send, so its word does not help.
#[tokio::test(flavor = "multi_thread")]
async fn no_trusted_proxy_makes_another_client_one_of_this_machine() {
    let app = TestApp::with(&["--trusted-proxies=127.0.0.1"]).await;
    for named in ["127.0.0.1", "::1", "198.51.100.7"] {
        let header = format!("x-forwarded-for: {named}");
        assert_eq!(status(app.address, "/mail", &["host: localhost", &header]).await, 403, "{named}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_shown_nowhere_but_in_the_development_of_this_machine() {
    for (flags, expected) in [
        (&["--env=development"][..], 200),
        (&["--issuer=http://auth.localhost:8080"], 200),
        (&["--issuer=http://[::1]:8080/auth"], 200),
        (&["--issuer=https://auth.example.com"], 403),
        (&["--issuer=http://localhost.example.com"], 403),
        (&["--issuer=http://192.168.0.1:8080"], 403),
        (&["--env=production"], 404),
    ] {
        let app = TestApp::with(flags).await;
        assert_eq!(status(app.address, "/mail", &["host: localhost"]).await, expected, "{flags:?}");
        let html = if expected == 200 { 404 } else { expected };
        assert_eq!(status(app.address, "/mail/html", &["host: localhost"]).await, html, "{flags:?}");
    }
    let directory = format!("--mail-dir={}", std::env::temp_dir().display());
    let app = TestApp::with(&[&directory]).await;
    assert_ne!(status(app.address, "/mail", &["host: localhost"]).await, 200, "mails are files");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_origin_reads_or_frames_the_mails() {
    let app = TestApp::with(&["--email-verification=required", "--allowed-origins=https://app.example.com"]).await;
    registering(&app, "ada@example.com").await;
    let http = app.anonymous().http;
    let page = http.get(app.url("/mail")).header("origin", "https://app.example.com").send().await.expect("an answer");
    let headers = page.headers().clone();
    assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{headers:?}");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[name], value);
    }
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = page.text().await.expect("text");
    let id = text.split("data-id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
    let mail = http.get(app.url(&format!("/mail/html?id={id}"))).send().await.expect("an answer");
    assert_eq!(mail.status(), StatusCode::OK);
    let policy = mail.headers()["content-security-policy"].to_str().expect("text").to_owned();
    for part in ["default-src 'none'", "frame-ancestors 'self'", "sandbox ", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    for part in ["script", "same-origin", "allow-forms", "allow-top-navigation "] {
        assert!(!policy.contains(part), "{part}: {policy}");
    }
    assert_eq!(mail.headers()["x-frame-options"], "SAMEORIGIN");
    assert_eq!(mail.headers()["cache-control"], "no-store");
    assert!(mail.text().await.expect("text").contains("<base target=\"_top\">"));
    let gone = http.get(app.url("/mail/html?id=00000000-0000-7000-8000-000000000000")).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_typed_is_text_on_the_page() {
    let app = TestApp::with(VERIFIED).await;
    let hostile = "\"<img src=x onerror=alert(1)>\"@example.com";
    let plain = "a'b&c/d@example.com";
    let mut shown = 0;
    for email in [hostile, plain] {
        let input = serde_json::json!({ "email": email, "password": crate::support::PASSWORD });
        let answer = app.anonymous().try_register(input).await;
        shown += usize::from(answer["data"]["register"]["__typename"] == "RegistrationPending");
    }
    assert!(shown > 0);
    app.mails_to(plain).await;
    let page = app.anonymous().http.get(app.url("/mail")).send().await.expect("an answer").text().await.expect("text");
    assert!(!page.contains("<img") && !page.contains(plain) && page.contains("a&#39;b&#38;c/d@example.com"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(page.contains("href=\"http://localhost:8080/confirm#"), "its link works: {page}");
}
