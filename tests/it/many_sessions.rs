//! Accounts with more sessions than can be ended one by one: whoever must be evicted is, at once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp, until};
use portcullis::clock::Stopwatch;
use portcullis::use_cases::record_endings::record_endings;

/// A robot that signed in each minute for two weeks.
const MANY: usize = 20_000;

const END_OTHERS: &str = "mutation { revokeOtherSessions { __typename } }";

const END_OTHERS_AND_TELL: &str = "mutation { revokeOtherSessions { ... on RevokeOtherSessionsSuccess { endedCount \
    endedSessions(first: 100) { nodes { id } pageInfo { hasNextPage endCursor } } } } }";

/// Statements of this test that wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE pg_blocking_pids(pid) <> '{}' \
    AND query LIKE '%session_generation%' AND datname = current_database()";

/// Ends that are told as sessions were ended.
const TOLD: &str = "SELECT count(*) FROM audit_events WHERE kind = 'session_revoked'";

/// So many more sessions of ada's.
async fn add(app: &TestApp, number: usize) {
    let sessions = format!(
        "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
         SELECT gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-01-31' FROM accounts, generate_series(1, {number}) \
         WHERE email = 'ada@example.com'"
    );
    assert_eq!(app.database.execute(&sessions).await, number as u64);
}

async fn end_others(client: &Client) -> Value {
    client.send(END_OTHERS, Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_sessions_end_at_once() {
    let app = TestApp::with(&["--database-timeout=5s"]).await;
    let owner = app.registered("ada@example.com").await;
    let thief = app.anonymous().login("ada@example.com").await;
    assert_eq!(thief.is_signed_in().await, Ok(()));
    add(&app, MANY).await;
    let watch = Stopwatch::start();
    let answer = end_others(&owner).await;
    let took = watch.elapsed();
    assert_eq!(answer["data"]["revokeOtherSessions"]["__typename"], "RevokeOtherSessionsSuccess", "{answer}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(thief.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(thief.try_refresh(thief.refresh_token()).await["reason"], "REVOKED");
    assert!(!thief.logout().await, "it has ended");
    assert_eq!(owner.is_signed_in().await, Ok(()));
    assert_eq!(owner.refresh().await.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_many_sessions_again_and_again_keeps_no_bystander_waiting() {
    let app = TestApp::with(&["--database-timeout=5s"]).await;
    let owner = app.registered("ada@example.com").await;
    let mut bystander = app.registered("eve@example.com").await;
    add(&app, MANY).await;
    let ending = (0..24).map(|_| {
        let owner = owner.clone();
        tokio::spawn(async move {
            loop {
                end_others(&owner).await;
            }
        })
    });
    let ending: Vec<_> = ending.collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        add(&app, 10).await;
        let watch = Stopwatch::start();
        bystander = bystander.refresh().await;
        slowest = slowest.max(watch.elapsed());
    }
    ending.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
}

/// Whoever waits for an account's row waits without a connection.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_row_is_held_takes_no_connection_from_others() {
    let app = TestApp::with(&["--database-pool-size=4", "--database-timeout=5s"]).await;
    let owner = app.registered("ada@example.com").await;
    let bystander = app.registered("eve@example.com").await;
    assert_eq!(owner.is_signed_in().await, Ok(()));
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM accounts WHERE email LIKE 'ada%' FOR UPDATE").await.expect("a lock");
    let change = format!(
        "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{PASSWORD} too\" }}) \
         {{ __typename }} }}"
    );
    let waiting: Vec<_> = (0..12)
        .map(|number| {
            let (owner, change) = (owner.clone(), change.clone());
            tokio::spawn(async move {
                match number % 3 {
                    0 => end_others(&owner).await,
                    1 => owner.send(&change, Value::Null).await,
                    _ => owner.try_login("ada@example.com", PASSWORD).await,
                }
            })
        })
        .collect();
    until("somebody waits", async || app.database.count(WAITING).await > 1).await;
    for _ in 0..10 {
        assert_eq!(bystander.try_refresh(bystander.refresh_token()).await["__typename"], "RefreshTokenSuccess");
    }
    assert_eq!(app.anonymous().login_type("eve@example.com", PASSWORD).await, "LoginSuccess");
    assert!(app.database.count(WAITING).await > 0, "they have waited all the time");
    holder.batch_execute("COMMIT").await.expect("a commit");
    for answer in waiting {
        answer.await.expect("an answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_sessions_are_counted_and_listed_page_by_page_whatever_is_written_down_meanwhile() {
    let app = TestApp::start().await;
    let owner = app.registered("ada@example.com").await;
    let before = app.anonymous().login("ada@example.com").await;
    assert!(before.logout().await, "one that had ended before");
    app.database
        .execute(
            "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
         SELECT gen_random_uuid(), id, '2025-12-01', '2025-12-01', '2025-12-31' FROM accounts",
        )
        .await;
    add(&app, 1500).await;
    let answer = owner.send(END_OTHERS_AND_TELL, Value::Null).await;
    let success = &answer["data"]["revokeOtherSessions"];
    assert_eq!(success["endedCount"], 1500, "{answer}");
    assert_eq!(success["endedSessions"]["nodes"].as_array().map(Vec::len), Some(100));
    assert_eq!(success["endedSessions"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(app.database.count(TOLD).await, 0);
    assert_eq!(record_endings(&app.app).await.expect("a database"), 1501);
    assert_eq!(app.database.count(TOLD).await, 1500, "what had expired was no session any more");
    let whose = "SELECT count(*) FROM audit_events WHERE kind = 'session_revoked' AND ip_address = '127.0.0.1' \
        AND user_agent = 'tests/1.0' AND request_id IS NOT NULL AND occurred_at = '2026-01-01'";
    assert_eq!(app.database.count(whose).await, 1500);
    let rows = "SELECT count(*) FROM sessions WHERE revoked_at = '2026-01-01' AND ended_in = 1";
    assert_eq!(app.database.count(rows).await, 1501);
    assert_eq!(app.database.count("SELECT count(*) FROM session_endings").await, 0);
    assert_eq!(record_endings(&app.app).await.expect("a database"), 0);
    assert_eq!(app.database.count("SELECT count(*) FROM revocations WHERE session_id IS NOT NULL").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM revocations WHERE account_id IS NOT NULL").await, 1);
    assert_eq!(owner.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_are_written_down_by_several_instances_past_rows_that_somebody_holds() {
    let app = TestApp::start().await;
    let owner = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    app.anonymous().login("eve@example.com").await;
    add(&app, 3000).await;
    end_others(&owner).await;
    end_others(&eve).await;
    let holder = app.database.another().await;
    let hold = "BEGIN; SELECT FROM sessions WHERE generation = 0 AND account_id = \
        (SELECT id FROM accounts WHERE email LIKE 'ada%') ORDER BY id LIMIT 3 FOR UPDATE";
    holder.batch_execute(hold).await.expect("locks");
    let other = app.instance(&[]).await;
    let (one, two) = tokio::join!(record_endings(&app.app), record_endings(&other));
    assert_eq!(one.expect("a database") + two.expect("a database"), 2998, "all but what is held");
    assert_eq!(app.database.count("SELECT count(*) FROM session_endings").await, 1);
    holder.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(record_endings(&app.app).await.expect("a database"), 3);
    assert_eq!(app.database.count(TOLD).await, 3001);
    assert_eq!(app.database.count("SELECT count(*) FROM session_endings").await, 0);
}

/// While they are still to be written down, each end holds: in every answer, on every instance, also from memory.
#[tokio::test(flavor = "multi_thread")]
async fn what_ended_with_all_others_is_over_before_it_is_written_down() {
    let app = TestApp::start().await;
    let owner = app.registered("ada@example.com").await;
    let thief = app.anonymous().login("ada@example.com").await;
    let peer = app.peer(&[]).await;
    let there = [peer.visited_by(&thief), peer.visited_by(&owner)];
    for client in [&thief, &owner, &there[0], &there[1]] {
        assert_eq!(client.is_signed_in().await, Ok(()));
    }
    end_others(&owner).await;
    // The account is remembered again, by its other session.
    assert_eq!(owner.is_signed_in().await, Ok(()));
    assert_eq!(thief.is_signed_in().await, Err("SESSION_REVOKED".into()));
    until("the other instance knows", async || there[0].is_signed_in().await.is_err()).await;
    assert_eq!(there[1].is_signed_in().await, Ok(()));
    assert_eq!(there[0].is_signed_in().await, Err("SESSION_REVOKED".into()));
    for query in [END_OTHERS, "mutation { revokeSession(input: { id: \"x\" }) { __typename } }", "{ me { id } }"] {
        let answer = thief.send(query, Value::Null).await;
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{query}: {answer}");
    }
    let list = "{ me { sessions { nodes { id } } } }";
    let nodes = owner.send(list, Value::Null).await["data"]["me"]["sessions"]["nodes"].clone();
    assert_eq!(nodes.as_array().map(Vec::len), Some(1), "{nodes}");
    let revoke =
        format!("mutation {{ revokeSession(input: {{ id: {} }}) {{ __typename }} }}", json!(thief.session_id()));
    assert_eq!(owner.send(&revoke, Value::Null).await["data"]["revokeSession"]["__typename"], "SessionNotFound");
    assert_eq!(thief.try_refresh(thief.refresh_token()).await["reason"], "REVOKED");
    assert!(!app.anonymous().logout_with(thief.refresh_token()).await);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL").await, 0);
}

/// As an instance of an earlier version opens one, and an operator: neither says a generation.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_opened_without_a_generation_is_of_its_accounts() {
    let app = TestApp::start().await;
    let owner = app.registered("ada@example.com").await;
    app.anonymous().login("ada@example.com").await;
    end_others(&owner).await;
    add(&app, 2).await;
    let list = "{ me { sessions { nodes { id } } } }";
    let nodes = owner.send(list, Value::Null).await["data"]["me"]["sessions"]["nodes"].clone();
    assert_eq!(nodes.as_array().map(Vec::len), Some(3), "{nodes}");
    let register = "WITH account AS (INSERT INTO accounts (id, email, created_at) \
        VALUES (gen_random_uuid(), 'new@example.com', now()) RETURNING id) \
        INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, now(), now(), now() + interval '1 day' FROM account";
    app.database.execute(register).await;
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE generation = 0").await, 2);
}

/// By plain SQL, which skips no generation and goes back to none.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_all_sessions_by_hand_and_who_is_let_in_again_signs_in_again() {
    let app = TestApp::at_present().await;
    let ada = app.registered("ada@example.com").await;
    for statement in [
        "UPDATE accounts SET session_generation = session_generation + 5",
        "UPDATE accounts SET session_generation = 0",
        "UPDATE accounts SET disabled_at = now()",
    ] {
        let client = app.anonymous().login("ada@example.com").await;
        assert_eq!(client.is_signed_in().await, Ok(()));
        app.database.execute(statement).await;
        until("the session has ended", async || client.is_signed_in().await.is_err()).await;
        app.database.execute("UPDATE accounts SET disabled_at = NULL").await;
        assert_eq!(client.try_refresh(client.refresh_token()).await["reason"], "REVOKED", "{statement}");
    }
    assert_eq!(app.database.count("SELECT session_generation FROM accounts").await, 3);
    assert_eq!(ada.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(record_endings(&app.app).await.expect("a database"), 4);
    assert_eq!(app.database.count(TOLD).await, 4);
}
