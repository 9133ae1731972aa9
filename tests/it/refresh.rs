//! Refreshing sessions.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::support::{Client, TestApp, until};

/// The reason why a token is refused; empty when it is not.
async fn reason(client: &Client, token: &str) -> String {
    let answer = client.try_refresh(token).await;
    assert_eq!(answer["__typename"] == "InvalidRefreshToken", answer["reason"].is_string(), "{answer}");
    answer["reason"].as_str().unwrap_or_default().to_owned()
}

fn successor(answer: &Value) -> &str {
    answer["tokens"]["refreshToken"].as_str().unwrap_or_else(|| panic!("no success: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_brings_new_tokens_of_the_same_session() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(first.is_signed_in().await, Err("TOKEN_EXPIRED".into()));
    let second = first.refresh().await;
    assert_eq!(second.is_signed_in().await, Ok(()));
    assert_eq!(second.session_id(), first.session_id());
    assert_eq!(second.session()["expiresAt"], first.session()["expiresAt"], "the end stays");
    assert_eq!(second.session()["lastUsedAt"], "2026-01-01T01:00:00Z");
    assert_eq!(second.session()["current"], true);
    assert_eq!(second.user(), first.user());
    assert_ne!(second.access_token(), first.access_token());
    assert_ne!(second.refresh_token(), first.refresh_token());
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_can_be_asked_for_again_until_it_was_used() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    let lost = first.refresh().await;
    let found = first.refresh().await;
    assert_eq!(found.refresh_token(), lost.refresh_token());
    let third = found.refresh().await;
    assert_eq!(third.is_signed_in().await, Ok(()));
    assert_eq!(reason(&app.anonymous(), found.refresh_token()).await, "", "the one before may come again");
    assert_eq!(reason(&app.anonymous(), first.refresh_token()).await, "REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_older_than_the_one_before_ends_the_session_for_good_and_is_recorded() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    let other = app.anonymous().login("ada@example.com").await;
    let third = first.refresh().await.refresh().await;
    assert_eq!(third.is_signed_in().await, Ok(()));
    assert_eq!(reason(&app.anonymous(), first.refresh_token()).await, "REUSED");
    assert_eq!(third.is_signed_in().await, Err("SESSION_REVOKED".into()), "at once, and committed");
    assert_eq!(reason(&app.anonymous(), third.refresh_token()).await, "REVOKED");
    assert_eq!(reason(&app.anonymous(), first.refresh_token()).await, "REVOKED");
    assert_eq!(other.is_signed_in().await, Ok(()), "another device is not touched");
    let event = app.database.operator.query_one(
        "SELECT kind, account_id::text, session_id::text, host(ip_address), user_agent, occurred_at = '2026-01-01' \
         FROM audit_events WHERE kind = 'refresh_token_reused'",
        &[],
    );
    let event = event.await.expect("one event");
    assert_eq!(event.get::<_, &str>(0), "refresh_token_reused");
    assert_eq!(event.get::<_, &str>(1), first.user_id());
    assert_eq!(event.get::<_, &str>(2), first.session_id());
    assert_eq!((event.get::<_, &str>(3), event.get::<_, &str>(4)), ("127.0.0.1", "tests/1.0"));
    assert!(event.get::<_, bool>(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refreshes_at_once_get_the_same_successor_and_the_session_lives() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let answers = join_all((0..50).map(|_| client.try_refresh(client.refresh_token()))).await;
    let successors: HashSet<_> = answers.iter().map(successor).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(client.is_signed_in().await, Ok(()));
    assert_eq!(reason(&app.anonymous(), successor(&answers[0])).await, "");
    assert_eq!(app.database.count("SELECT refresh_counter FROM sessions").await, 3);
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind <> 'registered'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_nobody_uses_it_and_at_its_end_in_any_case() {
    let app = TestApp::with(&["--session-idle-ttl=1h", "--session-ttl=3h"]).await;
    let idle = app.registered("ada@example.com").await;
    let mut used = app.anonymous().login("ada@example.com").await;
    app.clock.advance(Duration::from_secs(3599));
    used = used.refresh().await;
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&app.anonymous(), idle.refresh_token()).await, "EXPIRED", "unused for an hour");
    assert!(idle.logout().await, "it can still be put an end to");
    for _ in 0..3 {
        assert_eq!(used.is_signed_in().await, Ok(()));
        app.clock.advance(Duration::from_secs(1800));
        used = used.refresh().await;
    }
    app.clock.advance(Duration::from_secs(1799));
    assert_eq!(reason(&app.anonymous(), used.refresh_token()).await, "", "a second before its end");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&app.anonymous(), used.refresh_token()).await, "EXPIRED", "three hours are over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_and_a_disabled_account_get_nothing() {
    let endings = [
        ("UPDATE sessions SET revoked_at = now()", "REVOKED"),
        ("DELETE FROM sessions", "REVOKED"),
        ("UPDATE accounts SET disabled_at = now()", "REVOKED"),
        ("DELETE FROM accounts", "REVOKED"),
        ("UPDATE sessions SET expires_at = '2026-01-01T00:00:00.000001Z'", "EXPIRED"),
    ];
    for (ending, expected) in endings {
        let app = TestApp::start().await;
        let client = app.registered("ada@example.com").await;
        app.clock.advance(Duration::from_secs(1));
        app.database.execute(ending).await;
        assert_eq!(reason(&app.anonymous(), client.refresh_token()).await, expected, "{ending}");
    }
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    assert!(client.logout().await);
    assert_eq!(reason(&app.anonymous(), client.refresh_token()).await, "REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_of_ours_is_invalid() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let stranger = TestApp::start().await.registered("ada@example.com").await;
    let token = client.refresh_token();
    let (start, mac) = token.rsplit_once('.').expect("a MAC");
    let (session, _) = start.rsplit_once('.').expect("a counter");
    for forged in [
        "",
        "pcr_",
        client.access_token(),
        stranger.refresh_token(),
        &format!("{session}.2.{mac}"),
        &format!("{session}.01.{mac}"),
        &format!("{session}.-1.{mac}"),
        &format!("{session}.9223372036854775807.{mac}"),
        &format!("{token}="),
        &format!(" {token}"),
        &"x".repeat(50_000),
        "pcr_\0.1.\u{202e}",
    ] {
        assert_eq!(reason(&app.anonymous(), forged).await, "INVALID", "{forged:.60}");
    }
    assert_eq!(reason(&app.anonymous(), token).await, "");
}

/// After a failover or a restore from a backup, the database may have an older counter than a client's token.
#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_token_from_the_databases_lost_future_goes_on() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    let fourth = first.refresh().await.refresh().await.refresh().await;
    app.database.execute("UPDATE sessions SET refresh_counter = 2").await;
    let fifth = fourth.refresh().await;
    assert_eq!(app.database.count("SELECT refresh_counter FROM sessions").await, 5);
    assert_eq!(fifth.is_signed_in().await, Ok(()));
    assert_eq!(reason(&app.anonymous(), first.refresh_token()).await, "REUSED");
}

/// A refresh that waits for the row of a session that is being ended does not bring it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_during_a_refresh_stays_ended() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    app.database.operator.batch_execute("BEGIN; UPDATE sessions SET revoked_at = now()").await.expect("a change");
    let refreshing = client.clone();
    let refresh = tokio::spawn(async move { refreshing.try_refresh(refreshing.refresh_token()).await });
    let blocked = crate::support::database::BLOCKED;
    until("the refresh waits", async || app.database.count(blocked).await > 0).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(refresh.await.expect("an answer")["reason"], "REVOKED");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 0);
}

/// One step: these tokens, of all that were ever handed out, counted from the newest, are sent at once. `lost`: nobody sees
/// the answers.
#[derive(Clone, Debug)]
struct Step {
    ages: Vec<usize>,
    lost: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly what honest clients send: the newest token, or the one before.
    let age = prop_oneof![6 => Just(0_usize), 3 => Just(1_usize), 1 => 2..5_usize];
    let step = (proptest::collection::vec(age, 1..4), any::<bool>()).prop_map(|(ages, lost)| Step { ages, lost });
    proptest::collection::vec(step, 1..12)
}

/// Checks a session against a model that knows which counters a client may send.
async fn holds(app: &TestApp, steps: &[Step]) -> Result<(), TestCaseError> {
    let client = app.anonymous().login("ada@example.com").await;
    // The token of counter n is at n - 1: an answer that was lost is known to whoever sends the same again.
    let mut tokens = vec![client.refresh_token().to_owned()];
    let mut alive = true;
    for step in steps {
        let newest = tokens.len();
        let sent: Vec<usize> = step.ages.iter().map(|age| newest.saturating_sub(*age).max(1)).collect();
        let answers = join_all(sent.iter().map(|counter| client.try_refresh(&tokens[counter - 1]))).await;
        let used_newest = sent.contains(&newest);
        let theft = sent.iter().any(|counter| counter + 1 < newest);
        // Sent together, the one before the newest comes before or after it: both are possible.
        let race = used_newest && sent.contains(&(newest - 1)) && newest > 1;
        let reused = answers.iter().any(|answer| answer["reason"] == "REUSED");
        if alive && theft {
            prop_assert!(reused, "an old token passed: {step:?} {answers:?}");
        }
        if reused {
            prop_assert!(alive && (theft || race), "an honest client was taken for a thief: {step:?} {answers:?}");
            alive = false;
        }
        let successes: HashSet<&str> =
            answers.iter().filter_map(|answer| answer["tokens"]["refreshToken"].as_str()).collect();
        prop_assert!(successes.len() <= 2 && (race || theft || successes.len() <= 1), "{step:?} {answers:?}");
        if alive {
            prop_assert!(answers.iter().all(|answer| answer["__typename"] == "RefreshTokenSuccess"), "{answers:?}");
            if used_newest {
                let next = if step.lost { client.try_refresh(&tokens[newest - 1]).await } else { Value::Null };
                let known: Vec<&str> =
                    successes.iter().copied().filter(|token| !tokens.iter().any(|t| t == token)).collect();
                prop_assert_eq!(known.len(), 1, "one living successor");
                if step.lost {
                    prop_assert_eq!(successor(&next), known[0], "what was lost is found again");
                }
                let next = known[0].to_owned();
                tokens.push(next);
            }
        } else {
            for token in &tokens {
                prop_assert_eq!(reason(&client, token).await, "REVOKED");
            }
            prop_assert_eq!(client.is_signed_in().await, Err("SESSION_REVOKED".to_owned()));
            return Ok(());
        }
    }
    prop_assert_eq!(client.is_signed_in().await, Ok(()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn any_interleaving_of_old_and_new_tokens_keeps_the_rules() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let run = |steps: Vec<Step>| handle.block_on(holds(&app, &steps));
        TestRunner::new(config).run(&steps(), run).unwrap_or_else(|failure| panic!("{failure}"));
    });
    let ended = "SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL";
    let events = app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'refresh_token_reused'").await;
    assert_eq!(events, app.database.count(ended).await, "each theft is recorded once");
    assert!(events > 10, "thefts were among the cases: {events}");
}
