//! Security events: which are recorded, and who may read them.

use std::time::Duration;

use portcullis::use_cases::record_endings::record_endings;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const EVENTS: &str = "query Events($first: Int, $after: String) { me { securityEvents(first: $first, after: $after) { \
    nodes { id kind occurredAt sessionId ipAddress userAgent requestId } edges { cursor } \
    pageInfo { hasNextPage hasPreviousPage endCursor } } } }";

async fn events(client: &Client, first: u16, after: Option<&str>) -> Value {
    let answer = client.send(EVENTS, json!({ "first": first, "after": after })).await;
    let events = answer["data"]["me"]["securityEvents"].clone();
    assert!(events.is_object(), "{answer}");
    events
}

async fn kinds(client: &Client) -> Vec<String> {
    let events = events(client, 100, None).await;
    let kind = |event: &Value| event["kind"].as_str().expect("a kind").to_owned();
    events["nodes"].as_array().expect("nodes").iter().map(kind).collect()
}

async fn change_password(client: &Client, current: &str, new: &str) -> Value {
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    client.send(query, json!({ "i": { "currentPassword": current, "newPassword": new } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_an_account_is_written_down_for_its_owner() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    app.registered("eve@example.com").await;
    let tick = || app.clock.advance(Duration::from_secs(1));
    tick();
    app.anonymous().at("127.0.0.9").login_type("ada@example.com", "a wrong password").await;
    tick();
    let second = app.anonymous().login("ada@example.com").await;
    tick();
    let third = app.anonymous().login("ada@example.com").await;
    tick();
    third.logout().await;
    tick();
    change_password(&second, "a wrong password", "some other passphrase").await;
    tick();
    let changed = change_password(&second, PASSWORD, "some other passphrase").await;
    assert_eq!(changed["data"]["changePassword"]["__typename"], "ChangePasswordSuccess", "{changed}");
    record_endings(&app.app).await.expect("a database");
    let events = events(&second, 100, None).await;
    let of = |id: &str| match id {
        id if id == first.session_id() => "the first",
        id if id == second.session_id() => "the second",
        id if id == third.session_id() => "the third",
        _ => "another",
    };
    let mut told: Vec<_> = events["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or("none");
            assert_eq!((text("requestId").len(), text("userAgent")), (36, "tests/1.0"));
            [text("occurredAt"), text("kind"), event["sessionId"].as_str().map_or("none", of), text("ipAddress")]
                .join(" ")
        })
        .collect();
    // Two of them happened at one moment.
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @"
    2026-01-01T00:00:00Z REGISTERED the first 127.0.0.1
    2026-01-01T00:00:01Z LOGIN_FAILED none 127.0.0.9
    2026-01-01T00:00:02Z LOGGED_IN the second 127.0.0.1
    2026-01-01T00:00:03Z LOGGED_IN the third 127.0.0.1
    2026-01-01T00:00:04Z LOGGED_OUT the third 127.0.0.1
    2026-01-01T00:00:05Z PASSWORD_CHANGE_FAILED the second 127.0.0.1
    2026-01-01T00:00:06Z PASSWORD_CHANGED the second 127.0.0.1
    2026-01-01T00:00:06Z SESSION_REVOKED the first 127.0.0.1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_page_by_page() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for _ in 0..4 {
        app.clock.advance(Duration::from_secs(1));
        app.anonymous().login("ada@example.com").await;
    }
    let all = events(&ada, 100, None).await;
    assert_eq!(all["nodes"].as_array().map(Vec::len), Some(5));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = events(&ada, 2, after.as_deref()).await;
        seen.extend(page["nodes"].as_array().expect("nodes").clone());
        assert_eq!(page["pageInfo"]["hasPreviousPage"], after.is_some());
        after = page["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(&seen, all["nodes"].as_array().expect("nodes"));
    let answer = ada.send(EVENTS, json!({ "first": 101 })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert!(answer["data"]["me"]["securityEvents"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_devices_and_stolen_tokens_are_told_with_the_session() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (other, stolen) =
        (app.anonymous().login("ada@example.com").await, app.anonymous().login("ada@example.com").await);
    app.clock.advance(Duration::from_secs(1));
    let id = other.session_id();
    let query = "mutation($id: ID!) { revokeSession(input: { id: $id }) { __typename } }";
    ada.send(query, json!({ "id": id })).await;
    app.clock.advance(Duration::from_secs(1));
    stolen.refresh().await.refresh().await;
    stolen.try_refresh(stolen.refresh_token()).await;
    let events = events(&ada, 2, None).await;
    assert_eq!(events["nodes"][0]["kind"], "REFRESH_TOKEN_REUSED");
    assert_eq!(events["nodes"][0]["sessionId"], stolen.session_id());
    assert_eq!(events["nodes"][1]["kind"], "SESSION_REVOKED");
    assert_eq!(events["nodes"][1]["sessionId"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_the_events_of_others() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    assert_eq!(kinds(&eve).await, ["REGISTERED"]);
    let hers = events(&ada, 1, None).await["edges"][0]["cursor"].clone();
    let after = events(&eve, 100, hers.as_str()).await;
    assert!(!after.to_string().contains(ada.session_id()), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_attack_not_every_failure_is_written_down_but_that_there_is_one_is() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-attempts=1000/1m"]).await;
    let ada = app.registered("ada@example.com").await;
    for number in 1..=10 {
        for identifier in ["ada@example.com", "nobody@example.com"] {
            let attacker = app.anonymous().at(&format!("127.0.1.{number}"));
            for _ in 0..12 {
                attacker.login_type(identifier, "a wrong password").await;
            }
        }
    }
    let told = kinds(&ada).await;
    assert_eq!(told.iter().filter(|kind| *kind == "LOGIN_FAILED").count(), 20);
    assert_eq!(told.iter().filter(|kind| *kind == "LIMITED").count(), 1);
    let nobodys = "SELECT count(*) FROM audit_events WHERE account_id IS NULL AND kind = 'login_failed'";
    assert_eq!(app.database.count(nobodys).await, 20, "an account that does not exist is the same work");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_written_with_what_they_tell_or_not_at_all() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.database.execute("ALTER TABLE audit_events ADD CONSTRAINT refusing CHECK (kind = 'registered')").await;
    let answer = app.anonymous().try_login("ada@example.com", PASSWORD).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
    let answer = ada.send("mutation { logout { ended } }", Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_only_ever_added_until_they_are_old() {
    let app = TestApp::with(&["--audit-retention=30d"]).await;
    app.registered("ada@example.com").await;
    for statement in
        ["UPDATE audit_events SET kind = 'logged_out'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
    {
        let refused = app.database.operator.execute(statement, &[]).await.expect_err(statement);
        assert!(refused.as_db_error().is_some_and(|error| error.message().contains("append-only")), "{refused:?}");
    }
    let old = "INSERT INTO audit_events (id, kind, account_id, occurred_at) \
         SELECT portcullis_event_id('2025-11-01'), 'logged_in', id, '2025-11-01' FROM accounts, generate_series(1, 2500)";
    app.database.execute(old).await;
    portcullis::use_cases::clean_up::clean_up(&app.app).await.expect("a database");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events").await, 1);
    let young = "INSERT INTO audit_events (id, kind, occurred_at) VALUES (gen_random_uuid(), 'logged_out', now())";
    app.database.execute(young).await;
    let by_hand = "BEGIN; SET LOCAL portcullis.clean_up = 'on'; DELETE FROM audit_events WHERE kind = 'logged_out'";
    assert!(app.database.operator.batch_execute(by_hand).await.is_err(), "not even as clearing away does it");
    app.database.operator.batch_execute("ROLLBACK").await.expect("a connection");
    app.clock.advance(DAY * 29);
    portcullis::use_cases::clean_up::clean_up(&app.app).await.expect("a database");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_outlives_its_account() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    app.database.execute("DELETE FROM accounts").await;
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_many_try_is_told_that_it_is_under_attack() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-account=10/1h"]).await;
    let ada = app.registered("ada@example.com").await;
    for number in 1..=6 {
        for _ in 0..2 {
            let attacker = app.anonymous().at(&format!("127.0.1.{number}"));
            assert_eq!(attacker.login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
        }
    }
    assert_eq!(kinds(&ada).await.iter().filter(|kind| *kind == "LIMITED").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_used_up_writes_nothing_into_the_lists_of_others() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-address=5/10m"]).await;
    let ada = app.registered("ada@example.com").await;
    let attacker = app.anonymous().at("127.0.0.2");
    for number in 0..30 {
        attacker.login_type(&format!("a{number}@example.com"), "a wrong password").await;
    }
    assert_eq!(attacker.login_type("ada@example.com", "a wrong password").await, "RateLimited");
    assert_eq!(kinds(&ada).await, ["REGISTERED"]);
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE account_id IS NULL").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_about_others_hides_no_guess_from_its_owner() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-address=1000/10m", "--limit-attempts=1000/1m"]).await;
    let ada = app.registered("ada@example.com").await;
    let attacker = app.anonymous().at("127.0.0.2");
    for number in 0..210 {
        attacker.login_type(&format!("a{number}@example.com"), "a wrong password").await;
    }
    app.clock.advance(Duration::from_secs(1));
    attacker.login_type("ada@example.com", "a wrong password").await;
    assert_eq!(kinds(&ada).await, ["LOGIN_FAILED", "REGISTERED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_and_changes_of_the_password_that_are_limited_are_told_once() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-refresh=1/1h", "--limit-login=1/1h"]).await;
    let ada = app.registered("ada@example.com").await;
    let next = ada.refresh().await;
    app.clock.advance(Duration::from_secs(1));
    for _ in 0..3 {
        assert_eq!(next.try_refresh(next.refresh_token()).await["__typename"], "RateLimited");
    }
    assert_eq!(kinds(&ada).await, ["LIMITED", "REGISTERED"]);
    let events = events(&ada, 1, None).await;
    assert_eq!(events["nodes"][0]["sessionId"], ada.session_id());
    let other = app.anonymous().login("ada@example.com").await;
    for _ in 0..3 {
        change_password(&other, "a wrong password", "some other passphrase").await;
    }
    assert_eq!(kinds(&ada).await.iter().filter(|kind| *kind == "LIMITED").count(), 2);
}
