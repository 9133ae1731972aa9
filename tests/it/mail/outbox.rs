//! What becomes of mails that don't leave at once.

use std::time::Duration;

use serde_json::json;

use super::servers::MailServer;
use super::smtp::{app, send, state};
use crate::support::app::instance;
use crate::support::outbox::{post, post_with};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_greylisted_mail_leaves_at_the_second_attempt() {
    let Some(mut server) = MailServer::plain().await else { return };
    server.behave(json!({ "kind": "greylist" })).await;
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    assert_eq!(send(&app).await, 0);
    let (state, error) = state(&app, mail).await;
    assert!(state == "waiting" && error.contains("451") && error.contains("greylisted"), "{error}");
    app.clock.advance(Duration::from_secs(4));
    assert_eq!(send(&app).await, 0);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(send(&app).await, 1);
    assert_eq!(server.rest().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_never_leaves_is_tried_ever_less_often_and_kept_in_the_end() {
    // Nobody listens there.
    let app = app("smtp://127.0.0.1:1", &[]).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    let next = "SELECT extract(epoch FROM due_at - '2026-01-01T00:00:00Z')::int8 FROM mails";
    let (mut at, mut attempts) = (0, 0);
    while state(&app, mail).await.0 == "waiting" {
        assert_eq!(send(&app).await, 0);
        assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE error LIKE '%refused%'").await, 1);
        attempts += 1;
        if state(&app, mail).await.0 == "waiting" {
            let due = app.database.count(next).await;
            let pause = u64::try_from(due - at).expect("a pause");
            assert!((5..=5 * 3600).contains(&pause) && attempts < 30, "attempt {attempts}: {pause} s");
            app.clock.advance(Duration::from_secs(pause));
            at = due;
        }
    }
    assert!((10..24).contains(&(at / 3600)) && attempts > 10, "{attempts} attempts in {at} s");
    app.clock.advance(24 * HOUR);
    assert_eq!(send(&app).await, 0);
    assert_eq!(app.database.count("SELECT attempts::int8 FROM mails WHERE content IS NOT NULL").await, attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mail_tells_is_erased_once_it_is_sent() {
    let Some(server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    post(&app.database.operator, "ada@example.com").await;
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE content IS NOT NULL").await, 1);
    send(&app).await;
    let erased = "SELECT count(*) FROM mails WHERE content IS NULL AND sent_at = '2026-01-01T00:00:00Z'";
    assert_eq!(app.database.count(erased).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_instance_can_not_read_is_left_to_one_that_can() {
    let Some(mut server) = MailServer::plain().await else { return };
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let app = app(&url, &[]).await;
    let flags = [&format!("--smtp-url={url}"), "--mail-from=a@example.com"];
    let secret = "another secret, which is longer than 32 bytes";
    // Where the secret has been replaced already, the row of keys is sealed anew. Here that is another database's.
    let other = crate::support::TestApp::start().await;
    app.database.execute("DELETE FROM keys").await;
    let after = std::sync::Arc::new(instance(&app.database.url, &app.clock, secret, &flags).await.expect("an app"));
    drop(other);
    let mail = post(&app.database.operator, "ada@example.com").await;
    let unknown = post_with(&app.database.operator, "of_the_next_release", "bob@example.com", &json!({})).await;
    assert_eq!(portcullis::use_cases::send_mails::send_mails(&after).await.expect("a database"), 0);
    for mail in [mail, unknown] {
        let (state, error) = state(&app, mail).await;
        assert!(state == "waiting" && error.contains("can't be read"), "{error}");
    }
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(send(&app).await, 1);
    assert_eq!(server.accepted().await.to(), "ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_instance_has_died_is_sent_by_another_when_its_lease_is_over() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    server.behave(json!({ "kind": "hold", "at": "rcpt" })).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    let mut dying = portcullis::use_cases::send_mails::Sending::new(&app.app);
    dying.take().await.expect("a database");
    server.next("held").await;
    drop(dying);
    server.behave(json!({ "kind": "accept" })).await;
    for (seconds, sent) in [(120, 0), (30, 1), (0, 0)] {
        app.clock.advance(Duration::from_secs(seconds));
        assert_eq!(send(&app).await, sent);
    }
    assert_eq!(server.accepted().await.message_id(), format!("<{mail}@mail.example.com>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_marked_late_does_not_undo_what_another_instance_did() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    server.behave(json!({ "kind": "hold", "at": "rcpt" })).await;
    let mail = post(&app.database.operator, "ada@example.com").await;
    let mut slow = portcullis::use_cases::send_mails::Sending::new(&app.app);
    slow.take().await.expect("a database");
    server.next("held").await;
    // Another one has had the mail meanwhile, and given it up.
    let other = "UPDATE mails SET attempts = 2, due_at = NULL, failed_at = now(), error = 'of the other'";
    app.database.execute(other).await;
    server.release().await;
    assert_eq!(slow.next().await, Some(true));
    assert_eq!(state(&app, mail).await, ("failed".to_owned(), "of the other".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_link_has_expired_is_given_up() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let late = json!({ "link": "pcl_late", "link_expires_at": "2026-01-01T00:00:00Z" });
    let mail = post_with(&app.database.operator, "reset_password", "ada@example.com", &late).await;
    assert_eq!(send(&app).await, 0);
    assert_eq!(state(&app, mail).await, ("failed".to_owned(), "what it carries has expired".to_owned()));
    assert!(server.rest().await.is_empty());
}
