//! Room for a session: what it costs PostgreSQL does not grow with the account's ended sessions.

use crate::support::TestApp;
use crate::support::database::TestDatabase;

/// Opens so many sessions of the account as logins do, each in a transaction of its own, of which ten may be active.
fn logins(number: usize) -> String {
    format!(
        "DO $$ DECLARE account uuid := (SELECT id FROM accounts); opened uuid; BEGIN FOR number IN 1 .. {number} LOOP \
             opened := portcullis_event_id(now()); \
             INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
                 VALUES (opened, account, clock_timestamp(), clock_timestamp(), now() + interval '1 day'); \
             PERFORM portcullis_make_room(account, 0, opened, 10, clock_timestamp(), now() - interval '1 day'); \
             COMMIT; \
         END LOOP; END $$"
    )
}

/// The blocks that the next login reads to make room, on a connection that has planned it as often as makes the plan general.
async fn blocks(database: &TestDatabase) -> i64 {
    let connection = database.another().await;
    let room = "SELECT portcullis_make_room((SELECT id FROM accounts), 0, gen_random_uuid(), 10, now(), now() - interval '1 day')";
    let mut blocks = 0;
    for _ in 0..8 {
        connection.batch_execute("BEGIN").await.expect("a transaction");
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {room}");
        let plan: serde_json::Value = serde_json::from_str(&plan(&connection, &explain).await).expect("JSON");
        let plan = &plan[0]["Plan"];
        blocks = ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| plan[name].as_i64()).sum();
        connection.batch_execute("ROLLBACK").await.expect("an end");
    }
    blocks
}

async fn plan(connection: &tokio_postgres::Client, explain: &str) -> String {
    let answer = connection.simple_query(explain).await.expect("a plan");
    let rows = answer.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_ended_sessions_make_a_login_no_dearer() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let database = &app.database;
    // Nobody counts how many have ended, and nobody clears them away.
    database.execute("ALTER TABLE sessions SET (autovacuum_enabled = off)").await;
    database.operator.batch_execute(&logins(30)).await.expect("logins");
    let few = blocks(database).await;
    database.operator.batch_execute("ANALYZE sessions").await.expect("statistics");
    database.operator.batch_execute(&logins(5_000)).await.expect("logins");
    let stale = blocks(database).await;
    database.operator.batch_execute("ANALYZE sessions").await.expect("statistics");
    let known = blocks(database).await;
    assert_eq!(database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 11);
    assert!(few > 0 && stale <= 2 * few && known <= 2 * few, "{few}, then {stale} and {known}");
}
