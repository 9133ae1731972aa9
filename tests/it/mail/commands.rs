//! `portcullis mail`, through the built binary.

use serde_json::json;

use super::servers::MailServer;
use super::smtp::{app, send, state};
use crate::support::TestApp;
use crate::support::app::SECRET;
use crate::support::outbox::{LINK, post};
use crate::support::process::run;

/// Runs `portcullis mail`. Returns the exit code and what is said.
fn mail(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String) {
    let environment = [("DATABASE_URL", app.database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let (status, said, errors) = run(&[&["mail"], arguments].concat(), &environment);
    (status.code(), said + &errors)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_waits_and_what_failed_and_sends_it_again() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    assert_eq!(mail(&app, &["list"]), (Some(0), "No mail waits, and none was given up.\n".to_owned()));
    server.behave(json!({ "kind": "refuse", "at": "rcpt", "only": "ada@example.com", "text": "unknown" })).await;
    let [ada, bob] = ["ada@example.com", "bob@example.com"];
    let (ada, bob) = (post(&app.database.operator, ada).await, post(&app.database.operator, bob).await);
    assert_eq!(send(&app).await, 1);
    server.behave(json!({ "kind": "refuse", "at": "rcpt", "code": 451, "text": "later" })).await;
    let eve = post(&app.database.operator, "eve@example.com").await;
    send(&app).await;
    let new = post(&app.database.operator, "new@example.com").await;

    let (code, list) = mail(&app, &["list"]);
    let line = |id: uuid::Uuid| list.lines().find(|line| line.starts_with(&id.to_string())).unwrap_or_default();
    assert_eq!((code, list.lines().count()), (Some(0), 4), "{list}");
    for (id, parts) in [
        (
            ada,
            [
                "reset_password",
                "2026-01-01T00:00:00Z",
                "  1  ",
                "failed 2026-01-01T00:00:00Z",
                "ada@example.com",
                "unknown",
            ],
        ),
        (
            eve,
            ["reset_password", "2026-01-01T00:00:00Z", "  1  ", "due 2026-01-01T00:00:05Z", "eve@example.com", "451"],
        ),
        (new, ["reset_password", "2026-01-01T00:00:00Z", "  0  ", "due 2026-01-01T00:00:00Z", "new@example.com", "-"]),
    ] {
        assert!(parts.iter().all(|part| line(id).contains(part)), "{list}");
    }
    assert!(line(bob).is_empty() && !list.contains(LINK), "{list}");

    server.behave(json!({ "kind": "accept" })).await;
    for no in [bob.to_string(), new.to_string(), uuid::Uuid::nil().to_string()] {
        let (code, said) = mail(&app, &["retry", &no]);
        assert!(code == Some(1) && said.contains("no mail that was given up"), "{said}");
    }
    for wrong in [["retry", "x"].as_slice(), &["retry"], &["retry", &ada.to_string(), "--all-failed"]] {
        assert_eq!(mail(&app, wrong).0, Some(2));
    }
    let at = "UPDATE mails SET due_at = '2026-01-01T00:00:00Z' WHERE due_at > '2026-01-01T00:00:05Z'";
    for id in [ada, eve] {
        assert_eq!(
            mail(&app, &["retry", &id.to_string()]),
            (Some(0), "1 mail is due: a running server sends it.\n".to_owned())
        );
        // The command has the time of today.
        app.database.execute(at).await;
        send(&app).await;
        assert_eq!(state(&app, id).await.0, "sent");
    }
    assert_eq!(mail(&app, &["list"]).1, "No mail waits, and none was given up.\n");
    assert_eq!(mail(&app, &["retry", "--all-failed"]), (Some(0), "No mail was given up.\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_failed_is_sent_by_a_running_server_with_all_attempts_anew() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    server.behave(json!({ "kind": "refuse", "at": "rcpt" })).await;
    for recipient in ["ada@example.com", "bob@example.com"] {
        post(&app.database.operator, recipient).await;
    }
    assert_eq!(send(&app).await, 0);
    server.behave(json!({ "kind": "accept" })).await;
    let mut heard = app.app.feed.follow();
    let before = heard.borrow_and_update().mails;
    let (code, said) = mail(&app, &["retry", "--all-failed"]);
    assert_eq!((code, said.as_str()), (Some(0), "2 mails are due: a running server sends them.\n"));
    heard.wait_for(|heard| heard.mails > before).await.expect("a feed");
    let again =
        "SELECT count(*) FROM mails WHERE attempts = 0 AND failed_at IS NULL AND due_at > now() - interval '1 minute'";
    assert_eq!(app.database.count(again).await, 2);
}
