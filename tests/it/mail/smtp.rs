//! Each way of speaking to a mail server, and what each refusal leads to.

use std::time::Duration;

use portcullis::use_cases::send_mails::send_mails;
use serde_json::{Value, json};
use uuid::Uuid;

use super::servers::{Accepted, MailServer};
use crate::support::TestApp;
use crate::support::outbox::{CODE, LINK, post};

/// An instance that sends to this server.
pub(super) async fn app(url: &str, more: &[&str]) -> TestApp {
    let url = format!("--smtp-url={url}");
    let flags = ["--mail-from=Example, Inc. <no-reply@mail.example.com>", "--issuer=https://auth.example.com", &url];
    TestApp::with(&[flags.as_slice(), more].concat()).await
}

pub(super) async fn send(app: &TestApp) -> usize {
    send_mails(&app.app).await.expect("a database")
}

/// `sent`, `failed` or `waiting`, and the error.
pub(super) async fn state(app: &TestApp, mail: Uuid) -> (String, String) {
    let query = "SELECT CASE WHEN sent_at IS NOT NULL THEN 'sent' WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END, \
                 coalesce(error, '') FROM mails WHERE id = $1::text::uuid";
    let row = app.database.operator.query_one(query, &[&mail.to_string()]).await.expect("a mail");
    (row.get(0), row.get(1))
}

/// Sends one mail by this URL, in which `{port}` and `{root}` stand for the server's.
async fn delivered(mut server: MailServer, url: &str) -> Accepted {
    let root = server.authority.to_str().expect("UTF-8");
    let app = app(&url.replace("{port}", &server.port.to_string()).replace("{root}", root), &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send(&app).await, 1, "{:?}", state(&app, mail).await);
    assert_eq!(state(&app, mail).await, ("sent".to_owned(), String::new()));
    let accepted = server.accepted().await;
    assert_eq!(accepted.message_id(), format!("<{mail}@mail.example.com>"));
    accepted
}

/// What is said of a mail that does not leave.
async fn undelivered(server: &MailServer, url: &str) -> String {
    let root = server.authority.to_str().expect("UTF-8");
    let app = app(&url.replace("{port}", &server.port.to_string()).replace("{root}", root), &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send(&app).await, 0);
    let (state, error) = state(&app, mail).await;
    assert_eq!(state, "waiting", "an operator can mend that: {error}");
    error
}

const USER: &str = "ada:p%2Fw%20%231";

fn signed_in(tls: &str) -> Value {
    json!({ "tls": tls, "user": "ada", "password": "p/w #1" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_what_the_standards_want() {
    let Some(server) = MailServer::plain().await else { return };
    let mail = delivered(server, "smtp://127.0.0.1:{port}/auth.example.com").await;
    assert_eq!((&mail.0["from"], &mail.0["secure"]), (&json!("no-reply@mail.example.com"), &json!(false)));
    assert_eq!((mail.to(), &mail.0["greeting"]), ("ada@example.com", &json!("auth.example.com")));
    for (name, value) in [
        ("From", "=?utf-8?b?RXhhbXBsZSwgSW5jLg==?= <no-reply@mail.example.com>"),
        ("To", "ada@example.com"),
        ("Date", "Thu, 01 Jan 2026 00:00:00 +0000"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(mail.headers(name), [value], "{name}");
    }
    assert!(mail.headers("Content-Type")[0].starts_with("multipart/alternative;"));
    let text = mail.text();
    assert!(text.contains("text/plain") && text.contains("text/html"), "{text}");
    assert!(text.matches(LINK).count() >= 2, "in both: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_begins_at_once_or_by_starttls() {
    for (tls, url) in [
        ("implicit", "smtps://localhost:{port}?sslrootcert={root}"),
        ("starttls", "smtp://localhost:{port}?tls=required&sslrootcert={root}"),
        ("starttls", "smtp://localhost:{port}?tls=opportunistic&sslrootcert={root}"),
    ] {
        let Some(server) = MailServer::with(json!({ "tls": tls })).await else { return };
        assert_eq!(delivered(server, url).await.0["secure"], true, "{url}");
    }
    let Some(server) = MailServer::plain().await else { return };
    let url = "smtp://localhost:{port}?tls=opportunistic&sslrootcert={root}";
    assert_eq!(delivered(server, url).await.0["secure"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_signs_in_where_the_server_asks_for_it() {
    for (tls, url) in [
        ("none", "smtp://{user}@127.0.0.1:{port}"),
        ("implicit", "smtps://{user}@localhost:{port}?sslrootcert={root}"),
        ("starttls", "smtp://{user}@localhost:{port}?tls=required&sslrootcert={root}"),
    ] {
        let Some(server) = MailServer::with(signed_in(tls)).await else { return };
        assert_eq!(delivered(server, &url.replace("{user}", USER)).await.0["user"], "ada", "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_make_of_server_takes_mails_as_well() {
    let Some(server) = MailServer::python().await else { return };
    let url = format!("smtp://{USER}@localhost:{{port}}?tls=required&sslrootcert={{root}}");
    let mail = delivered(server, &url).await;
    assert_eq!((&mail.0["user"], &mail.0["secure"], mail.to()), (&json!("ada"), &json!(true), "ada@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_not_be_trusted_gets_nothing() {
    let Some(implicit) = MailServer::with(json!({ "tls": "implicit" })).await else { return };
    let Some(starttls) = MailServer::with(json!({ "tls": "starttls" })).await else { return };
    let Some(mut plain) = MailServer::plain().await else { return };
    for (server, url, why) in [
        (&implicit, "smtps://127.0.0.1:{port}?sslrootcert={root}", "certificate"),
        (&implicit, "smtps://localhost:{port}", "certificate"),
        (&starttls, "smtp://localhost:{port}?tls=required", "certificate"),
        (&starttls, "smtp://127.0.0.1:{port}?tls=required&sslrootcert={root}", "certificate"),
        (&starttls, "smtp://localhost:{port}?tls=opportunistic", "certificate"),
        (&plain, "smtp://localhost:{port}?tls=required", "offers no STARTTLS"),
        (&plain, "smtps://localhost:{port}", "connecting"),
        (&plain, "smtp://ada:hunter2@localhost:{port}", "signing in"),
    ] {
        let error = undelivered(server, url).await;
        assert!(error.contains(why) && !error.contains("hunter2"), "{url}: {error}");
    }
    assert!(plain.rest().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_without_the_password() {
    let Some(mut server) = MailServer::with(signed_in("none")).await else { return };
    let error = undelivered(&server, "smtp://ada:hunter2@127.0.0.1:{port}").await;
    assert!(error.contains("signing in") && error.contains("535"), "{error}");
    server.behave(json!({ "kind": "refuse", "at": "auth", "code": 535, "text": "I do not know" })).await;
    let error = undelivered(&server, "smtp://ada:hunter2@127.0.0.1:{port}").await;
    assert!(error.contains("I do not know PLAIN [redacted]") && !error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_kept_as_failed_and_the_rest_is_tried_again() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    for (at, code, text, expected) in [
        ("rcpt", 550, "5.1.1 unknown", "failed"),
        ("data", 554, "spam", "failed"),
        ("rcpt", 451, "later", "waiting"),
        ("rcpt", 452, "too full", "waiting"),
        ("data", 421, "shutting down", "waiting"),
        ("rcpt", 550, "5.7.1 relaying denied", "waiting"),
        ("rcpt", 530, "authentication required", "waiting"),
        ("mail", 550, "not this sender", "waiting"),
        ("connect", 554, "not from you", "waiting"),
    ] {
        // A connection that waits would not be asked.
        app.clock.advance(Duration::from_secs(86_400));
        server.behave(json!({ "kind": "refuse", "at": at, "code": code, "text": text })).await;
        let app = crate::mail::smtp::app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
        let mail = post(&app.database.operator, "ada@example.com").await;
        assert_eq!(send(&app).await, 0);
        let (state, error) = state(&app, mail).await;
        assert!(state == expected && error.contains(text), "{at} {code} {text}: {state}, {error}");
        assert!(!error.contains("ada@example.com"), "the log names nobody: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_quotes_the_mail_does_not_put_its_link_into_the_log() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "refuse", "at": "data", "code": 554, "text": "listed:" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    send(&app).await;
    let (state, error) = state(&app, mail).await;
    assert!(state == "failed" && error.contains("[redacted]"), "{error}");
    for secret in [LINK, CODE, "ada@example.com"] {
        assert!(!error.contains(secret), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_spoils_nothing_for_the_next_on_the_same_connection() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "refuse", "at": "rcpt", "only": "eve@example.com" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let mut connections = Vec::new();
    for (recipient, sent) in [("ada@example.com", 1), ("eve@example.com", 0), ("bob@example.com", 1)] {
        post(&app.database.operator, recipient).await;
        assert_eq!(send(&app).await, sent);
        if sent == 1 {
            let mail = server.accepted().await;
            assert_eq!(mail.to(), recipient);
            connections.push(mail.0["connection"].clone());
        }
    }
    assert_eq!(connections[0], connections[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_has_closed_are_replaced() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send(&app).await, 1);
    server.behave(json!({ "kind": "drop", "at": "mail" })).await;
    post(&app.database.operator, "bob@example.com").await;
    assert_eq!(send(&app).await, 0);
    server.behave(json!({ "kind": "accept" })).await;
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(send(&app).await, 1);
    assert_eq!(server.rest().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_taken_without_a_word_is_sent_again_as_the_same() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "drop", "at": "data" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send(&app).await, 0);
    server.next("dropped").await;
    assert_eq!(state(&app, mail).await.0, "waiting");
    server.behave(json!({ "kind": "accept" })).await;
    assert_eq!(send(&app).await, 0, "it is not due yet");
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(send(&app).await, 1);
    assert_eq!(server.accepted().await.message_id(), format!("<{mail}@mail.example.com>"));
}
