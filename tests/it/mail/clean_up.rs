//! Mails and flows go when they have been over for a while.

use std::time::Duration;

use portcullis::use_cases::clean_up::clean_up;
use serde_json::json;

use super::servers::MailServer;
use super::smtp::{app, send};
use crate::support::TestApp;
use crate::support::outbox::{post, post_with};

const HOUR: Duration = Duration::from_secs(3600);

/// The recipients of the mails that are left.
async fn left(app: &TestApp) -> String {
    clean_up(&app.app).await.expect("a database");
    let query = "SELECT coalesce(string_agg(split_part(recipient, '@', 1), ' ' ORDER BY recipient), '') FROM mails";
    app.database.operator.query_one(query, &[]).await.expect("mails").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_mails_go_after_a_day_and_failed_ones_after_thirty() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    server.behave(json!({ "kind": "refuse", "at": "rcpt", "only": "failed@example.com" })).await;
    post(&app.database.operator, "failed@example.com").await;
    post(&app.database.operator, "sent@example.com").await;
    assert_eq!(send(&app).await, 1);
    post_with(&app.database.operator, "of_the_next_release", "waiting@example.com", &json!({})).await;
    for (hours, expected) in [(0, "failed sent waiting"), (23, "failed sent waiting"), (2, "failed waiting")] {
        app.clock.advance(hours * HOUR);
        assert_eq!(left(&app).await, expected, "after {hours} more hours");
    }
    for (hours, expected) in [(28 * 24, "failed waiting"), (24, "")] {
        app.clock.advance(hours * HOUR);
        assert_eq!(left(&app).await, expected, "after {hours} more hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_clock_is_ahead_removes_no_mail_and_no_flow() {
    let app = TestApp::start().await;
    app.database
        .execute(
            "INSERT INTO mails (id, kind, recipient, locale, created_at, failed_at) \
             VALUES (gen_random_uuid(), 'sign_in', 'failed@example.com', 'en', now() - interval '2 days', now())",
        )
        .await;
    flow(&app, "now()", "now() + interval '1 hour'", "NULL").await;
    let ahead = portcullis::clock::ManualClock::new("2226-01-01T00:00:00Z".parse().expect("a date"));
    let secret = crate::support::app::SECRET;
    let wrong = crate::support::app::instance(&app.database.url, &ahead, secret, &[]).await.expect("an app");
    clean_up(&wrong).await.expect("a database");
    assert_eq!(app.database.count("SELECT count(*) FROM mails").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM flows").await, 1);
}

/// Adds a flow with these times.
async fn flow(app: &TestApp, created_at: &str, expires_at: &str, consumed_at: &str) {
    let text = format!(
        "INSERT INTO flows (id, kind, email, locale, token_hash, link_kind, created_at, expires_at, consumed_at) \
         SELECT gen_random_uuid(), 'email_revert', 'ada@example.com', 'en', uuid_send(gen_random_uuid()), 'email_revert', \
             {created_at}, {expires_at}, {consumed_at}"
    );
    app.database.execute(&text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_go_a_day_after_their_end() {
    let app = TestApp::start().await;
    let at = |day: u32| format!("'2026-01-{day:02}T00:00:00Z'::timestamptz");
    for (expires, consumed) in [(2, None), (8, None), (8, Some(1)), (8, Some(4))] {
        flow(&app, &at(1), &at(expires), &consumed.map_or("NULL".to_owned(), at)).await;
    }
    for (day, expected) in [(1, 4), (2, 3), (3, 2), (4, 2), (5, 1), (8, 1), (9, 0)] {
        let now: chrono::DateTime<chrono::Utc> = format!("2026-01-{day:02}T00:00:01Z").parse().expect("a time");
        let passed = now - app.clock.clock().now();
        app.clock.advance(passed.to_std().expect("forward"));
        clean_up(&app.app).await.expect("a database");
        assert_eq!(app.database.count("SELECT count(*) FROM flows").await, expected, "on day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_go_in_steps() {
    let app = TestApp::start().await;
    app.database
        .execute(
            "INSERT INTO mails (id, kind, recipient, locale, created_at, sent_at) \
             SELECT gen_random_uuid(), 'sign_in', 'ada@example.com', 'en', '2025-12-01', '2025-12-01' FROM generate_series(1, 2500)",
        )
        .await;
    assert_eq!(left(&app).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn used_challenges_go_a_day_after_their_expiry() {
    let app = TestApp::start().await;
    let add = "INSERT INTO used_challenges SELECT gen_random_uuid(), '2026-01-01'::timestamptz + n * interval '1 day' \
        FROM generate_series(1, 3) n";
    app.database.execute(add).await;
    for (day, expected) in [(0, 3), (1, 3), (2, 2), (3, 1), (4, 0)] {
        clean_up(&app.app).await.expect("a database");
        let left = app.database.count("SELECT count(*) FROM used_challenges").await;
        assert_eq!(left, expected, "on day {day}");
        app.clock.advance(24 * HOUR + Duration::from_secs(1));
    }
}
