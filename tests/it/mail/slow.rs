//! A mail server that is slow or dead delays mails and nothing else.

use std::time::Duration;

use portcullis::background::Background;
use portcullis::clock::Stopwatch;
use serde_json::json;

use super::servers::MailServer;
use super::smtp::{app, state};
use crate::support::outbox::post;
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_stuck_holds_up_no_other_and_no_request() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "hold", "at": "rcpt", "only": "stuck@example.com" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &["--database-pool-size=1"]).await;
    let background = Background::start(&app.app);
    let stuck = post(&app.database.operator, "stuck@example.com").await;
    server.next("held").await;
    for number in 0..20 {
        let recipient = format!("ada{number}@example.com");
        let mail = post(&app.database.operator, &recipient).await;
        assert_eq!(server.accepted().await.to(), recipient);
        until("it is marked", async || state(&app, mail).await.0 == "sent").await;
    }
    app.registered("ada@example.com").await;
    assert_eq!(state(&app, stuck).await.0, "waiting");
    server.release().await;
    assert_eq!(server.accepted().await.to(), "stuck@example.com");
    until("it is marked", async || state(&app, stuck).await.0 == "sent").await;
    background.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_mails_that_are_being_sent_and_not_for_long() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "hold", "at": "data" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let background = Background::start(&app.app);
    let mail = post(&app.database.operator, "ada@example.com").await;
    server.next("held").await;
    let (_, ()) = tokio::join!(server.release(), background.stop());
    assert_eq!(state(&app, mail).await.0, "sent");
    assert_eq!(server.rest().await.len(), 1);

    server.behave(json!({ "kind": "hold", "at": "data" })).await;
    let background = Background::start(&app.app);
    let mail = post(&app.database.operator, "bob@example.com").await;
    server.next("held").await;
    let watch = Stopwatch::start();
    background.stop().await;
    assert!(watch.elapsed() < Duration::from_secs(30), "{:?}", watch.elapsed());
    let due = "SELECT count(*) FROM mails WHERE due_at <= '2026-01-01T00:00:00Z' AND content IS NOT NULL";
    assert_eq!(app.database.count(due).await, 1, "another instance sends it at once");
    server.behave(json!({ "kind": "accept" })).await;
    let background = Background::start(&app.app);
    assert_eq!(server.accepted().await.message_id(), format!("<{mail}@mail.example.com>"));
    background.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_back_gets_what_waited_without_a_restart() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "refuse", "at": "connect", "code": 554 })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let background = Background::start(&app.app);
    let mail = post(&app.database.operator, "ada@example.com").await;
    until("it is refused", async || state(&app, mail).await.1.contains("554")).await;
    server.behave(json!({ "kind": "accept" })).await;
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(server.accepted().await.to(), "ada@example.com");
    background.stop().await;
}
