//! The limit on the sessions of an account.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{SignedIn, TestApp};

const LIVING: &str = "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id \
    WHERE revoked_at IS NULL AND generation = session_generation";

async fn login(app: &TestApp) -> SignedIn {
    app.clock.advance(Duration::from_secs(90));
    app.anonymous().login("ada@example.com").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_too_many_ends_the_least_used_and_never_itself() {
    let app = TestApp::with(&["--max-sessions=3"]).await;
    let first = app.registered("ada@example.com").await;
    let (second, third) = (login(&app).await, login(&app).await);
    for client in [&first, &second, &third] {
        assert_eq!(client.is_signed_in().await, Ok(()), "as many as there may be");
    }
    app.clock.advance(Duration::from_secs(1));
    let first = first.refresh().await;
    let fourth = login(&app).await;
    assert_eq!(second.is_signed_in().await, Err("SESSION_REVOKED".into()), "the oldest was used since");
    for client in [&first, &third, &fourth] {
        assert_eq!(client.is_signed_in().await, Ok(()));
    }
    let query = "{ me { securityEvents(first: 2) { nodes { kind sessionId ipAddress } } } }";
    let events = fourth.send(query, Value::Null).await["data"]["me"]["securityEvents"]["nodes"].clone();
    let told = json!({ "kind": "SESSION_REVOKED", "sessionId": second.session_id(), "ipAddress": "127.0.0.1" });
    assert!(events.as_array().is_some_and(|events| events.contains(&told)), "{events}");
    assert_eq!(app.database.count("SELECT count(*) FROM revocations").await, 1);
    app.registered("eve@example.com").await;
    assert_eq!(app.database.count(LIVING).await, 4, "each account for itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_have_a_single_session() {
    let app = TestApp::with(&["--max-sessions=1"]).await;
    let first = app.registered("ada@example.com").await;
    let second = login(&app).await;
    assert_eq!(first.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(second.is_signed_in().await, Ok(()));
}

/// Sessions that have expired or were ended don't count.
#[tokio::test(flavor = "multi_thread")]
async fn only_sessions_that_are_active_count() {
    let app = TestApp::with(&["--max-sessions=2", "--session-idle-ttl=1h", "--session-ttl=2h"]).await;
    let first = app.registered("ada@example.com").await;
    assert!(login(&app).await.logout().await);
    assert!(login(&app).await.logout().await);
    let kept = login(&app).await;
    assert_eq!(first.is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(1800));
    let kept = kept.refresh().await;
    app.clock.advance(Duration::from_secs(1900));
    let late = login(&app).await;
    for client in [&kept, &late] {
        assert_eq!(client.refresh().await.is_signed_in().await, Ok(()));
    }
    assert_eq!(first.try_refresh(first.refresh_token()).await["reason"], "EXPIRED", "that one was not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_logins_at_once_leave_as_many_sessions_as_there_may_be() {
    let app = TestApp::with(&["--max-sessions=5"]).await;
    app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(1)); // The registration's session is the least used, and ends first.
    let anonymous = app.anonymous();
    let peer = app.peer(&["--max-sessions=5"]).await;
    let there = peer.visited_by(&anonymous);
    let logins = (0..50).map(|number| [&anonymous, &there][number % 2].login("ada@example.com"));
    let clients = futures_util::future::join_all(logins).await;
    assert_eq!(app.database.count(LIVING).await, 5);
    let mut signed_in = 0;
    for client in &clients {
        signed_in += usize::from(app.anonymous().with_token(client.access_token()).is_signed_in().await.is_ok());
    }
    assert_eq!(signed_in, 5);
}

/// An account that had its sessions before there was a limit.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_far_above_the_bound_comes_down_to_it_a_few_at_a_time() {
    let app = TestApp::with(&["--max-sessions=10"]).await;
    let ada = app.registered("ada@example.com").await;
    app.database
        .execute(
            "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) SELECT gen_random_uuid(), account_id, \
             created_at - interval '1 day', last_used_at - interval '1 hour', expires_at FROM sessions, generate_series(1, 50)",
        )
        .await;
    for expected in [32, 13, 10, 10] {
        login(&app).await;
        assert_eq!(app.database.count(LIVING).await, expected);
    }
    assert_eq!(ada.is_signed_in().await, Ok(()), "the others were used less");
}
