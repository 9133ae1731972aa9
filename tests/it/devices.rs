//! Owners see and end their sessions.

use std::time::Duration;

use portcullis::use_cases::record_uses::record_uses;
use serde_json::{Value, json};

use crate::support::database::BLOCKED;
use crate::support::{Client, SignedIn, TestApp, until};

const LIST: &str = "query Sessions($first: Int, $after: String) { me { sessions(first: $first, after: $after) { \
    edges { cursor node { id } } nodes { id current lastUsedAt userAgent ipAddress createdAt expiresAt } \
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

/// Sessions that have not ended.
const LIVING: &str = "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id \
    WHERE revoked_at IS NULL AND generation = session_generation";

async fn list(client: &Client, variables: Value) -> Value {
    client.send(LIST, variables).await["data"]["me"]["sessions"].clone()
}

fn id(client: &SignedIn) -> &str {
    client.session_id()
}

async fn revoke(client: &Client, id: &str) -> Value {
    let query = "mutation Revoke($id: ID!) { revokeSession(input: { id: $id }) { __typename \
        ... on RevokeSessionSuccess { endedSessionId } ... on UserError { code message } } }";
    client.send(query, json!({ "id": id })).await["data"]["revokeSession"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_sees_the_active_sessions_newest_first_and_which_is_the_own() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    app.registered("eve@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let second = app.anonymous().login("ada@example.com").await;
    let ended = app.anonymous().login("ada@example.com").await;
    assert!(ended.logout().await);
    let sessions = list(&first, Value::Null).await;
    assert_eq!(
        sessions["nodes"],
        json!([
            { "id": id(&second), "current": false, "lastUsedAt": "2026-01-01T00:00:01Z", "userAgent": "tests/1.0",
              "ipAddress": "127.0.0.1", "createdAt": "2026-01-01T00:00:01Z", "expiresAt": "2026-01-31T00:00:01Z" },
            { "id": id(&first), "current": true, "lastUsedAt": "2026-01-01T00:00:00Z", "userAgent": "tests/1.0",
              "ipAddress": "127.0.0.1", "createdAt": "2026-01-01T00:00:00Z", "expiresAt": "2026-01-31T00:00:00Z" },
        ])
    );
    assert_eq!(list(&second, Value::Null).await["nodes"][0]["current"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for _ in 0..4 {
        app.clock.advance(Duration::from_secs(1));
        app.anonymous().login("ada@example.com").await;
    }
    let all = list(&ada, Value::Null).await;
    assert_eq!(all["nodes"].as_array().map(Vec::len), Some(5));
    assert_eq!(all["pageInfo"]["hasNextPage"], false);
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for (count, more) in [(2, true), (2, true), (1, false)] {
        let page = list(&ada, json!({ "first": 2, "after": after })).await;
        assert_eq!(page["edges"].as_array().map(Vec::len), Some(count), "{page}");
        assert_eq!(page["pageInfo"]["hasNextPage"], more);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert_eq!(page["pageInfo"]["startCursor"], page["edges"][0]["cursor"]);
        seen.extend(page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["id"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
    }
    let ids: Vec<_> = all["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].clone()).collect();
    assert_eq!(seen, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_page_is_bad_input_and_takes_nothing_else_along() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for arguments in ["first: 0", "first: 101", "first: -1", "first: 70000", "after: \"x\"", "after: \"\""] {
        let answer =
            ada.send(&format!("{{ me {{ email sessions({arguments}) {{ nodes {{ id }} }} }} }}"), Value::Null).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{arguments}: {answer}");
        assert_eq!(answer["data"]["me"], json!({ "email": "ada@example.com", "sessions": null }), "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_can_be_listed_by_whoever_has_just_opened_it() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let query = "mutation { login(input: { identifier: \"ada@example.com\", password: \"correct horse battery staple\" }) \
        { ... on LoginSuccess { session { id } user { sessions { nodes { id current } } } } } }";
    let answer = app.anonymous().send(query, Value::Null).await;
    let login = &answer["data"]["login"];
    assert_eq!(login["user"]["sessions"]["nodes"][0], json!({ "id": login["session"]["id"], "current": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_revoked_from_another_device() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    assert_eq!(phone.is_signed_in().await, Ok(()));
    let typed = format!("{{{}}}", id(&phone).to_uppercase());
    assert_eq!(
        revoke(&laptop, &typed).await,
        json!({ "__typename": "RevokeSessionSuccess", "endedSessionId": id(&phone) })
    );
    assert_eq!(phone.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(laptop.is_signed_in().await, Ok(()));
    assert_eq!(revoke(&laptop, id(&phone)).await["__typename"], "SessionNotFound", "it is no active one any more");
    assert_eq!(revoke(&laptop, id(&laptop)).await["__typename"], "RevokeSessionSuccess", "one's own as well");
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_listed_any_more_is_not_found_either() {
    let app = TestApp::with(&["--session-idle-ttl=1h", "--session-ttl=3h"]).await;
    let idle = app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(3600));
    let mut laptop = app.anonymous().login("ada@example.com").await;
    assert_eq!(list(&laptop, Value::Null).await["nodes"].as_array().map(Vec::len), Some(1), "unused for an hour");
    assert_eq!(revoke(&laptop, id(&idle)).await["__typename"], "SessionNotFound");
    let others = "mutation { revokeOtherSessions { ... on RevokeOtherSessionsSuccess { endedCount } } }";
    let answer = laptop.send(others, Value::Null).await;
    assert_eq!(answer["data"]["revokeOtherSessions"]["endedCount"], 0, "{answer}");
    for _ in 0..5 {
        app.clock.advance(Duration::from_secs(1800));
        laptop = laptop.refresh().await;
    }
    let phone = app.anonymous().login("ada@example.com").await;
    app.clock.advance(Duration::from_secs(1800));
    let phone = phone.refresh().await;
    assert_eq!(revoke(&phone, id(&laptop)).await["code"], "SESSION_NOT_FOUND", "past its end");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'session_revoked'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_revokes_anothers_session_or_learns_of_it() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    let unknown = "01a205b5-3e9f-7102-a065-bf7c97c487b3";
    let answers = [revoke(&eve, id(&ada)).await, revoke(&eve, unknown).await, revoke(&eve, "x' OR 1=1").await];
    assert_eq!(answers[0]["code"], "SESSION_NOT_FOUND");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_sessions_are_revoked_and_this_one_stays() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let mut others = Vec::new();
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(1));
        others.push(app.anonymous().login("ada@example.com").await);
    }
    let eve = app.registered("eve@example.com").await;
    for client in &others {
        assert_eq!(client.is_signed_in().await, Ok(()));
    }
    let ended = "endedCount endedSessions { nodes { id current } pageInfo { hasNextPage } }";
    let query = format!("mutation {{ revokeOtherSessions {{ ... on RevokeOtherSessionsSuccess {{ {ended} }} }} }}");
    let answer = laptop.send(&query, Value::Null).await;
    let success = &answer["data"]["revokeOtherSessions"];
    assert_eq!(success["endedCount"], 2, "{answer}");
    let newest_first =
        others.iter().rev().map(|other| json!({ "id": id(other), "current": false })).collect::<Vec<_>>();
    assert_eq!(success["endedSessions"]["nodes"], json!(newest_first), "{answer}");
    assert_eq!(success["endedSessions"]["pageInfo"]["hasNextPage"], false);
    for client in &others {
        assert_eq!(client.is_signed_in().await, Err("SESSION_REVOKED".into()));
        assert_eq!(client.try_refresh(client.refresh_token()).await["reason"], "REVOKED");
    }
    assert_eq!((laptop.is_signed_in().await, eve.is_signed_in().await), (Ok(()), Ok(())));
    let again = &laptop.send(&query, Value::Null).await["data"]["revokeOtherSessions"];
    assert_eq!((&again["endedCount"], &again["endedSessions"]["nodes"]), (&json!(0), &json!([])));
    assert_eq!(app.database.count("SELECT session_generation FROM accounts WHERE email LIKE 'ada%'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_kept_coarsely_and_without_a_write_per_request() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let last_used = "SELECT extract(epoch FROM last_used_at - created_at)::bigint FROM sessions";
    for _ in 0..20 {
        assert_eq!(ada.is_signed_in().await, Ok(()));
        app.clock.advance(Duration::from_secs(5));
    }
    record_uses(&app.app).await.expect("a write");
    let noted = app.database.count(last_used).await;
    assert!((60..=95).contains(&noted), "{noted}");
    assert_eq!(app.database.count("SELECT refresh_counter FROM sessions").await, 1);
    let writes = "SELECT xmin::text::bigint FROM sessions";
    let before = app.database.count(writes).await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    record_uses(&app.app).await.expect("nothing to write");
    assert_eq!(app.database.count(writes).await, before);
    assert_eq!(app.app.session_cache.len(), 1, "its own writes disturb no cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_end_each_other_at_once_take_turns() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    for _ in 0..10 {
        let mut devices = Vec::new();
        for _ in 0..8 {
            devices.push(app.anonymous().login("ada@example.com").await);
        }
        let query = "mutation { revokeOtherSessions { ... on RevokeOtherSessionsSuccess { endedCount } } }";
        let answers =
            futures_util::future::join_all(devices.iter().map(|device| device.send(query, Value::Null))).await;
        for answer in &answers {
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert!(matches!(code, None | Some("UNAUTHENTICATED")), "{answer}");
        }
        // The first one stays, because a session that has ended can't end another.
        assert_eq!(app.database.count(LIVING).await, 1);
        let won = answers.iter().filter(|answer| answer["errors"].is_null()).count();
        assert_eq!(won, 1, "{answers:?}");
    }
}

/// The session of a caller that ends while the request is under way ends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_just_ended_ends_no_other() {
    let app = TestApp::start().await;
    let owner = app.registered("ada@example.com").await;
    let thief = app.anonymous().login("ada@example.com").await;
    assert_eq!(thief.is_signed_in().await, Ok(()));
    let session = id(&thief);
    let queries = [
        "mutation { revokeOtherSessions { __typename } }".to_owned(),
        format!("mutation {{ revokeSession(input: {{ id: \"{}\" }}) {{ __typename }} }}", id(&owner)),
    ];
    let ends = [
        format!("BEGIN; UPDATE sessions SET revoked_at = now() WHERE id = '{session}'"),
        // As the owner ends all others.
        format!(
            "BEGIN; WITH raised AS (UPDATE accounts SET session_generation = session_generation + 1 RETURNING session_generation) \
             UPDATE sessions SET generation = session_generation FROM raised WHERE sessions.id <> '{session}'"
        ),
    ];
    for (query, end) in queries.iter().flat_map(|query| ends.iter().map(move |end| (query.clone(), end))) {
        app.database.operator.batch_execute(end).await.expect("a change");
        let client = thief.clone();
        let asked = tokio::spawn(async move { client.send(&query, Value::Null).await });
        until("it waits", async || app.database.count(BLOCKED).await > 0).await;
        app.database.operator.batch_execute("COMMIT").await.expect("a commit");
        let answer = asked.await.expect("an answer");
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{answer}");
        assert_eq!(owner.is_signed_in().await, Ok(()));
        // Alive again, and not known here, for the next round.
        let revive = "UPDATE sessions SET revoked_at = NULL, generation = session_generation FROM accounts";
        app.database.execute(revive).await;
        until("it is alive", async || thief.is_signed_in().await == Ok(())).await;
    }
}

/// Two sessions end all others at the same time, and both wait for the account. One wins, and the other has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_password_and_another_device_take_turns() {
    let app = TestApp::start().await;
    let first = app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let second = app.anonymous().login("ada@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let third = app.anonymous().login("ada@example.com").await;
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM accounts FOR UPDATE").await.expect("a lock");
    let change = "mutation { changePassword(input: { currentPassword: \"correct horse battery staple\", \
        newPassword: \"another staple for the horse\" }) { __typename } }";
    let others = "mutation { revokeOtherSessions { __typename } }";
    let asked = [(second, change), (third, others)]
        .map(|(client, query)| tokio::spawn(async move { client.send(query, Value::Null).await }));
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 \
        AND query LIKE '%session_generation%' AND datname = current_database()";
    until("both wait", async || app.database.count(waiting).await >= 2).await;
    holder.batch_execute("COMMIT").await.expect("a commit");
    for answer in asked {
        let answer = answer.await.expect("an answer");
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert!(matches!(code, None | Some("UNAUTHENTICATED")), "{answer}");
    }
    assert_eq!(app.database.count(LIVING).await, 1);
    assert_eq!(first.is_signed_in().await, Err("SESSION_REVOKED".into()));
}

/// A client that sends its request twice, or two of its tabs: the session that asks has not ended by the other request.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_the_others_twice_at_once_goes_on() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    for _ in 0..10 {
        for _ in 0..3 {
            app.anonymous().login("ada@example.com").await;
        }
        let query = "mutation { revokeOtherSessions { __typename } }";
        let (refreshed, answers) = tokio::join!(
            laptop.try_refresh(laptop.refresh_token()),
            futures_util::future::join_all((0..8).map(|_| laptop.send(query, Value::Null)))
        );
        assert_eq!(refreshed["__typename"], "RefreshTokenSuccess", "{refreshed}");
        for answer in answers {
            assert_eq!(answer["data"]["revokeOtherSessions"]["__typename"], "RevokeOtherSessionsSuccess", "{answer}");
        }
        assert_eq!(laptop.is_signed_in().await, Ok(()));
        assert_eq!(app.database.count(LIVING).await, 1);
    }
}
