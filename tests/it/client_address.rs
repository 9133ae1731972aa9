//! The address that a session is opened from.

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::{Client, PASSWORD, TestApp};

/// The address of a session that is opened with these headers.
async fn address(client: &Client, headers: &[(&str, &str)]) -> String {
    let body = json!({
        "query": "mutation($i: LoginInput!) { login(input: $i) { ... on LoginSuccess { session { ipAddress } } } }",
        "variables": { "i": { "identifier": "ada@example.com", "password": PASSWORD } },
    });
    let request = headers.iter().fold(client.post(body.to_string()), |request, (name, value)| {
        let value = reqwest::header::HeaderValue::from_bytes(value.as_bytes()).expect("a header");
        request.header(*name, value)
    });
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["data"]["login"]["session"]["ipAddress"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_trusted_proxies_it_is_the_first_untrusted_one_from_the_right() {
    let app = TestApp::with(&["--trusted-proxies=127.0.0.1, 10.0.0.0/8, 2001:db8::/32"]).await;
    app.registered("ada@example.com").await;
    let client = app.anonymous();
    for (headers, expected) in [
        (&[][..], "127.0.0.1"),
        (&[("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
        (&[("X-Forwarded-For", "6.6.6.6, 192.0.2.1")], "192.0.2.1"),
        (&[("x-forwarded-for", "6.6.6.6, 192.0.2.1, 10.1.1.1, 2001:db8::7")], "192.0.2.1"),
        (
            &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "10.1.1.1")],
            "192.0.2.1",
        ),
        (&[("x-forwarded-for", "2001:db9::1")], "2001:db9::1"),
        (&[("x-forwarded-for", "::ffff:192.0.2.1")], "192.0.2.1"),
        (&[("x-forwarded-for", "10.3.3.3, 10.2.2.2")], "10.3.3.3"),
        (&[("x-forwarded-for", "6.6.6.6, nonsense, 10.1.1.1")], "10.1.1.1"),
        (&[("x-forwarded-for", "6.6.6.6, caf\u{e9}")], "127.0.0.1"),
        (&[("x-forwarded-for", "")], "127.0.0.1"),
        (&[("forwarded", "for=6.6.6.6, For=\"192.0.2.1:4711\";proto=https, for=10.1.1.1")], "192.0.2.1"),
        (&[("forwarded", "for=\"[2001:db9::1]:443\";by=_x, for=\"[2001:db8::7]\"")], "2001:db9::1"),
        (&[("forwarded", "for=6.6.6.6, for=_hidden, for=10.1.1.1")], "10.1.1.1"),
        (&[("forwarded", "for=6.6.6.6, for=unknown")], "127.0.0.1"),
        (&[("forwarded", "for=6.6.6.6;x=\", for=192.0.2.1")], "192.0.2.1"),
        (&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1, 10.1.1.1")], "192.0.2.1"),
        (&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "192.0.2.1")], "127.0.0.1"),
        (&[("x-real-ip", "6.6.6.6"), ("cf-connecting-ip", "6.6.6.6"), ("true-client-ip", "6.6.6.6")], "127.0.0.1"),
    ] {
        assert_eq!(address(&client, headers).await, expected, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_name_another_address() {
    let app = TestApp::with(&["--trusted-proxies=10.0.0.0/8"]).await;
    app.registered("ada@example.com").await;
    for headers in [
        &[("x-forwarded-for", "6.6.6.6")][..],
        &[("x-forwarded-for", "10.0.0.1")],
        &[("x-forwarded-for", "6.6.6.6, 10.0.0.1")],
        &[("forwarded", "for=6.6.6.6")],
        &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "6.6.6.6")],
    ] {
        assert_eq!(address(&app.anonymous(), headers).await, "127.0.0.1", "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_named_in_the_settings_is_told_once() {
    let database = TestDatabase::new().await;
    let server = Server::start(&[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET)]);
    let client = server.client();
    client.register("ada@example.com").await;
    for headers in [&[("x-forwarded-for", "6.6.6.6")][..], &[("forwarded", "for=6.6.6.6")]] {
        assert_eq!(address(&client, headers).await, "127.0.0.1");
    }
    let log = server.stop();
    assert_eq!(log.matches("PORTCULLIS_TRUSTED_PROXIES").count(), 1, "{log}");
    assert!(!log.contains("6.6.6.6"), "{log}");

    let trusting = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let server = Server::start(&trusting);
    assert_eq!(address(&server.client(), &[("x-forwarded-for", "192.0.2.1")]).await, "192.0.2.1");
    let log = server.stop();
    assert!(!log.contains("PORTCULLIS_TRUSTED_PROXIES"), "{log}");
}
