//! Mails that wait, and what becomes of them.

use std::fs;
use std::time::Duration;

use portcullis::use_cases::count_mails::count_mails;
use portcullis::use_cases::send_mails::send_mails;
use serde_json::json;

use super::Measured;
use crate::mail::servers::MailServer;
use crate::support::cluster::watched_dir;
use crate::support::outbox::{content, post, post_with};

async fn waiting(server: &Measured) -> (Option<f64>, Option<f64>) {
    count_mails(&server.app.app).await.expect("a database");
    (server.value("portcullis_mails_waiting").await, server.value("portcullis_mails_oldest_seconds").await)
}

async fn attempts(server: &Measured, outcome: &str) -> Option<f64> {
    server.value(&format!("portcullis_mail_attempts_total{{outcome=\"{outcome}\"}}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_count_while_they_wait_and_by_what_becomes_of_them() {
    let dir = watched_dir("mails").join("of/the/test");
    let server = Measured::with(&[&format!("--mail-dir={}", dir.display())]).await;
    assert_eq!(server.value("portcullis_mails_waiting").await, None, "nobody has counted them");
    assert_eq!(waiting(&server).await, (Some(0.0), Some(0.0)));
    let database = &server.app.database.operator;
    post(database, "ada@example.com").await;
    post(database, "eve@example.com").await;
    server.app.clock.advance(Duration::from_secs(90));
    assert_eq!(waiting(&server).await, (Some(2.0), Some(90.0)));
    server.app.clock.advance(Duration::from_secs(10));
    assert_eq!(server.value("portcullis_mails_oldest_seconds").await, Some(100.0), "at the moment of the scrape");

    send_mails(&server.app.app).await.expect("a database");
    assert_eq!(waiting(&server).await, (Some(0.0), Some(0.0)));
    // Nobody can use it any more.
    let mut late = content("ada");
    late["link_expires_at"] = json!("2026-01-01T00:00:01Z");
    post_with(database, "reset_password", "ada@example.com", &late).await;
    send_mails(&server.app.app).await.expect("a database");
    fs::remove_dir_all(&dir).expect("no directory");
    post(database, "ada@example.com").await;
    send_mails(&server.app.app).await.expect("a database");
    assert_eq!(waiting(&server).await, (Some(1.0), Some(100.0)));
    for (outcome, times) in [("sent", 2.0), ("given_up", 1.0), ("unreached", 1.0), ("tried_again", 0.0)] {
        assert_eq!(attempts(&server, outcome).await, Some(times), "{outcome}");
    }
}

/// Anybody can name an address that takes no mail. An operator is woken for what keeps all mails from leaving.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_recipient_causes_is_told_from_a_mail_server_that_can_not_be_used() {
    let Some(mut mail_server) = MailServer::plain().await else { return };
    for (at, code, expected) in [("rcpt", 451, "tried_again"), ("data", 451, "tried_again"), ("mail", 451, "unreached")]
    {
        mail_server.behave(json!({ "kind": "refuse", "at": at, "code": code, "text": "later" })).await;
        let url = format!("--smtp-url=smtp://127.0.0.1:{}", mail_server.port);
        let server = Measured::with(&[&url, "--mail-from=portcullis@example.com"]).await;
        post(&server.app.database.operator, "ada@example.com").await;
        send_mails(&server.app.app).await.expect("a database");
        for outcome in ["sent", "tried_again", "unreached", "given_up"] {
            assert_eq!(attempts(&server, outcome).await, Some(f64::from(outcome == expected)), "{at}: {outcome}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_nobody_gets_counts_nowhere() {
    let dir = watched_dir("mails").join("of/the/test");
    let server = Measured::with(&[&format!("--mail-dir={}", dir.display())]).await;
    post(&server.app.database.operator, "ada@example.com").await;
    server.app.database.operator.batch_execute("UPDATE mails SET recipient = NULL").await.expect("a change");
    assert_eq!(waiting(&server).await, (Some(0.0), Some(0.0)));
    send_mails(&server.app.app).await.expect("a database");
    assert_eq!(attempts(&server, "sent").await, Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mails_are_sent_none_are_told() {
    let server = Measured::with(&["--env=production"]).await;
    let text = server.scrape().await;
    assert!(!text.lines().any(|line| line.starts_with("portcullis_mail")), "{text}");
}
