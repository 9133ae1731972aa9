//! Removing what ended long ago.

use std::time::Duration;

use portcullis::use_cases::clean_up::clean_up;

use crate::support::TestApp;
use crate::support::app::SECRET;

const HOUR: Duration = Duration::from_secs(3600);

/// Adds this many sessions of the only account, opened at `at`.
async fn add(app: &TestApp, number: usize, set: &str) {
    let copies = format!(
        "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
         SELECT gen_random_uuid(), account_id, created_at, last_used_at, expires_at \
         FROM sessions, generate_series(1, {number}) WHERE ip_address IS NOT NULL"
    );
    app.database.execute(&copies).await;
    app.database.execute(&format!("UPDATE sessions SET {set}, user_agent = '{number}' WHERE user_agent IS NULL")).await;
}

async fn turn(app: &TestApp) -> u64 {
    clean_up(&app.app).await.expect("a database")
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_more_than_a_day_ago_go_and_others_stay() {
    let app = TestApp::with(&["--session-idle-ttl=10d", "--feed-timeout=1m"]).await;
    let ada = app.registered("ada@example.com").await;
    add(&app, 10, "revoked_at = '2026-01-01T01:00:00Z'").await;
    add(&app, 20, "expires_at = '2026-01-01T02:00:00Z'").await;
    add(&app, 40, "last_used_at = '2025-12-22T03:00:00Z'").await;
    assert_eq!(turn(&app).await, 0);
    // The first heartbeat, and what was done above.
    app.app.feed.follow().wait_for(|heard| heard.changes >= 71).await.expect("a feed");
    let told = app.database.count("SELECT count(*) FROM revocations").await;
    for (hours, expected) in [(25, 0), (1, 10), (1, 20), (1, 40), (100, 0)] {
        app.clock.advance(hours * HOUR);
        let before = app.app.feed.follow();
        assert_eq!(turn(&app).await, expected, "after {hours} more hours");
        assert!(!before.has_changed().expect("a feed"), "nobody needs to know");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM revocations").await, told);
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_go_in_steps_and_rows_that_somebody_holds_wait() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    add(&app, 4500, "revoked_at = '2026-01-01'").await;
    app.clock.advance(25 * HOUR);
    let hold = "BEGIN; SELECT FROM sessions WHERE revoked_at IS NOT NULL ORDER BY id LIMIT 3 FOR UPDATE";
    app.database.operator.batch_execute(hold).await.expect("locks");
    assert_eq!(turn(&app).await, 4497, "and it does not wait for the rest");
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(turn(&app).await, 0, "there is a rest");
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(turn(&app).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_instances_one_has_the_turn() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    add(&app, 2500, "revoked_at = '2026-01-01'").await;
    app.clock.advance(25 * HOUR);
    let others = [app.instance(&[]).await, app.instance(&[]).await];
    let (one, two, three) = tokio::join!(clean_up(&app.app), clean_up(&others[0]), clean_up(&others[1]));
    let mut removed = [one, two, three].map(|removed| removed.expect("a database"));
    removed.sort_unstable();
    assert_eq!(removed, [0, 0, 2500]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_revocations_go_as_well() {
    let app = TestApp::start().await;
    app.database
        .execute(
            "INSERT INTO revocations (session_id, revoked_at) \
             SELECT gen_random_uuid(), now() - number * interval '10 hours' FROM generate_series(0, 5) AS number",
        )
        .await;
    turn(&app).await;
    assert_eq!(app.database.count("SELECT count(*) FROM revocations").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_clock_is_ahead_removes_nothing_alive_and_holds_nobody_up() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    // Alive by the clock of the database as well.
    app.database.execute("UPDATE sessions SET last_used_at = now(), expires_at = now() + interval '30 days'").await;
    let ahead = portcullis::clock::ManualClock::new("2226-01-01T00:00:00Z".parse().expect("a date"));
    let wrong = crate::support::app::instance(&app.database.url, &ahead, SECRET, &[]).await.expect("an app");
    assert_eq!(clean_up(&wrong).await.expect("a database"), 0);
    assert_eq!(ada.is_signed_in().await, Ok(()));
    add(&app, 3, "revoked_at = '2025-12-30'").await;
    assert_eq!(turn(&app).await, 3, "the turn is not taken for two hundred years");
}
