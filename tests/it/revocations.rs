//! `GET /revocations`: backends are told which access tokens are void.

use base64::Engine;
use portcullis::db::embedded::{Embedded, Options};
use portcullis::use_cases::record_endings::record_endings;
use portcullis::use_cases::service_keys;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::events::{Event, Events, ask};
use crate::support::process::{run, signal};
use crate::support::{SignedIn, TestApp, until};

async fn key(app: &TestApp) -> String {
    named(app, "a test").await
}

async fn named(app: &TestApp, name: &str) -> String {
    let created = service_keys::create(&app.console(&[]).operator(), name).await.expect("a database").expect("a name");
    created.1.expose().to_owned()
}

async fn follow(app: &TestApp, key: &str, position: Option<&str>) -> Events {
    Events::open(&app.url("/revocations"), key, position).await
}

fn sid(client: &SignedIn) -> &str {
    client.session_id()
}

/// Which sessions and accounts the events are about.
fn about(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| if event.kind == "session" { event.sid() } else { event.sub() }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_service_key_opens_the_stream() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let ada = app.registered("ada@example.com").await;
    let (start, secret) = key.split_once('.').expect("a secret");
    let other = self::key(&TestApp::start().await).await;
    let mixed = format!("{start}.{}", other.split_once('.').expect("a secret").1);
    let reversed = format!("{start}.{}", secret.chars().rev().collect::<String>());
    let url = app.url("/revocations");
    for wrong in [None, Some(""), Some("pcs_"), Some(ada.access_token()), Some(&other), Some(&mixed), Some(&reversed)] {
        let answer = ask(&url, wrong, None).await;
        assert_eq!(answer.status(), 401, "{wrong:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    for wrong in ["x", "1-1:1", "1-1:1:;", "1-0:0:", "1-5:4:", "1-1:9:3,2", "1:1:", &"1".repeat(9000)] {
        assert_eq!(ask(&url, Some(&key), Some(wrong)).await.status(), 400, "{wrong:.20}");
    }
    assert_eq!(app.anonymous().http.post(&url).bearer_auth(&key).send().await.expect("an answer").status(), 405);
    assert_eq!(ask(&url, Some(&key), None).await.status(), 200, "the control");
    let stored = "SELECT count(*) FROM service_keys WHERE encode(hash, 'base64') LIKE '%' || $1 || '%' OR name = $1";
    let found = app.database.operator.query_one(stored, &[&secret]).await.expect("a row");
    assert_eq!(found.get::<_, i64>(0), 0, "the secret is not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_is_told_and_where_to_go_on() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let clients = [app.registered("ada@example.com").await, app.registered("eve@example.com").await];
    let mut events = follow(&app, &key, None).await;
    let (nothing, begin) = events.batch().await;
    assert!(nothing.is_empty());

    assert!(clients[0].logout().await);
    let event = events.told().await;
    assert_eq!((event.kind.as_str(), event.sid()), ("session", sid(&clients[0])));
    assert!(event.data["revokedAt"].is_string());

    app.database.execute("UPDATE accounts SET disabled_at = now() WHERE email = 'eve@example.com'").await;
    let event = events.told().await;
    assert_eq!((event.kind.as_str(), event.sub()), ("account", clients[1].user_id()));
    let disabled =
        app.database.count("SELECT extract(epoch FROM disabled_at)::bigint FROM accounts WHERE email LIKE 'eve%'");
    let issued_before = event.data["issuedBefore"].as_i64().expect("seconds");
    assert!((59..=62).contains(&(issued_before - disabled.await)), "{}", event.data);
    let (rest, end) = events.batch().await;
    assert!(rest.is_empty());

    let both = [sid(&clients[0]), clients[1].user_id()];
    for (position, expected) in [(None, &both[..]), (Some(begin.as_str()), &both[..]), (Some(end.as_str()), &[])] {
        let (missed, _) = follow(&app, &key, position).await.batch().await;
        assert_eq!(about(&missed), expected, "{position:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_end_a_session_is_told_and_what_ends_none_is_not() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let ada = app.registered("ada@example.com").await;
    let mut events = follow(&app, &key, None).await;
    events.batch().await;
    let second = ada.refresh().await;
    second.refresh().await.is_signed_in().await.expect("no end");
    app.database.execute("UPDATE accounts SET roles = '{staff}'").await;

    let answer = app.anonymous().try_refresh(ada.refresh_token()).await;
    assert_eq!(answer["reason"], "REUSED");
    assert_eq!(events.told().await.sid(), sid(&ada), "theft, and nothing before it");

    let (one, two) = (app.anonymous().login("ada@example.com").await, app.anonymous().login("ada@example.com").await);
    app.database.execute(&format!("UPDATE sessions SET revoked_at = now() WHERE id = '{}'", sid(&two))).await;
    assert_eq!(events.told().await.sid(), sid(&two));
    app.database.execute("UPDATE sessions SET expires_at = created_at + interval '1 microsecond'").await;
    let told = [events.told().await, events.told().await, events.told().await];
    assert!(told.iter().any(|event| event.sid() == sid(&one)), "an end that was brought forward");

    app.database.execute("DELETE FROM accounts").await;
    assert_eq!(events.told().await.data["sub"], ada.user_id());
}

/// The claim of an access token that says of which generation its session is.
fn generation(client: &SignedIn) -> Option<i64> {
    let payload = client.access_token().split('.').nth(1).expect("claims");
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice::<Value>(&payload).expect("claims")["generation"].as_i64()
}

/// A backend that knows generations refuses the tokens of ended sessions, and neither those of the session that asked
/// nor those of sessions that are opened in the next minute.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_all_sessions_is_one_line_that_says_exactly_what_is_void() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let laptop = app.registered("ada@example.com").await;
    for _ in 0..20 {
        assert_eq!(generation(&app.anonymous().login("ada@example.com").await), None, "most tokens are as ever");
    }
    let mut events = follow(&app, &key, None).await;
    events.batch().await;
    laptop.send("mutation { revokeOtherSessions { __typename } }", Value::Null).await;
    let event = events.told().await;
    assert_eq!((event.kind.as_str(), event.sub()), ("account", laptop.user_id()));
    assert_eq!(
        (event.data["generation"].as_i64(), event.data["exceptSession"].as_str()),
        (Some(1), Some(sid(&laptop)))
    );
    assert!(event.data["issuedBefore"].is_i64(), "for who knows no generations");
    assert_eq!(record_endings(&app.app).await.expect("a database"), 20);
    let (rest, position) = events.batch().await;
    assert!(rest.is_empty(), "no line for each of them");
    let next = app.anonymous().login("ada@example.com").await;
    assert_eq!((generation(&laptop), generation(&next)), (None, Some(1)));
    assert_eq!(generation(&laptop.refresh().await), Some(1));
    app.database.execute("UPDATE accounts SET disabled_at = now()").await;
    app.database.execute("UPDATE accounts SET disabled_at = NULL").await;
    let event = events.told().await;
    assert_eq!((&event.data["generation"], &event.data["exceptSession"]), (&json!(2), &Value::Null));
    app.database.execute("DELETE FROM accounts").await;
    assert_eq!(events.told().await.data["generation"], 3);
    let (missed, _) = follow(&app, &key, Some(&position)).await.batch().await;
    assert_eq!(missed.iter().map(|event| &event.data["generation"]).collect::<Vec<_>>(), [&json!(2), &json!(3)]);
}

/// A revocation as an instance of an earlier version recorded it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_an_earlier_version_names_no_generation() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    app.database.execute("INSERT INTO revocations (account_id) VALUES (gen_random_uuid())").await;
    let (told, _) = follow(&app, &key, None).await.batch().await;
    let members: Vec<_> = told[0].data.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["issuedBefore", "revokedAt", "sub"]);
}

/// Numbers are given out before transactions commit, so a reader who only remembers a number would miss the slow one.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_takes_long_is_not_missed() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let (slow, quick) = (app.registered("ada@example.com").await, app.registered("eve@example.com").await);
    let mut events = follow(&app, &key, None).await;
    events.batch().await;
    let operator = app.database.another().await;
    let session = sid(&slow);
    operator
        .batch_execute(&format!("BEGIN; UPDATE sessions SET revoked_at = now() WHERE id = '{session}'"))
        .await
        .expect("a change");
    assert!(quick.logout().await);
    assert_eq!(events.told().await.sid(), sid(&quick), "nobody waits for the slow one");
    let (_, position) = events.batch().await;
    drop(events);
    operator.batch_execute("COMMIT").await.expect("a commit");
    let (missed, position) = follow(&app, &key, Some(&position)).await.batch().await;
    assert_eq!(about(&missed), [sid(&slow)]);
    let (nothing, _) = follow(&app, &key, Some(&position)).await.batch().await;
    assert!(nothing.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_another_database_begins_anew_and_old_news_is_left_out() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let ada = app.registered("ada@example.com").await;
    assert!(ada.logout().await);
    let (all, _) = follow(&app, &key, Some("77.00000001-1:9000000001:")).await.batch().await;
    assert_eq!(about(&all), [sid(&ada)]);
    app.database.execute("UPDATE revocations SET revoked_at = now() - interval '26 hours'").await;
    let (none, _) = follow(&app, &key, None).await.batch().await;
    assert!(none.is_empty(), "no token of then is alive");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_batch_is_told_whole() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    app.registered("ada@example.com").await;
    app.database
        .execute("INSERT INTO revocations (session_id) SELECT gen_random_uuid() FROM generate_series(1, 2500)")
        .await;
    let (all, _) = follow(&app, &key, None).await.batch().await;
    let ids: std::collections::HashSet<_> = about(&all).into_iter().collect();
    assert_eq!((all.len(), ids.len()), (2500, 2500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_key_and_with_the_server() {
    let app = TestApp::start().await;
    let (one, two) = (named(&app, "one").await, named(&app, "two").await);
    let mut streams = [follow(&app, &one, None).await, follow(&app, &two, None).await];
    for stream in &mut streams {
        stream.batch().await;
    }
    let [mut first, mut second] = streams;
    let keys = service_keys::list(&app.console(&[]).operator()).await.expect("keys");
    let key = keys.iter().find(|key| key.name == "one").expect("a key");
    assert!(service_keys::revoke(&app.console(&[]).operator(), key.id).await.expect("a database"));
    first.end().await;
    assert_eq!(ask(&app.url("/revocations"), Some(&one), None).await.status(), 401);
    second.batch().await;
    app.stop.send(()).expect("a server");
    second.end().await;
    app.server.await.expect("a server").expect("a good end");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_make_list_and_revoke_keys() {
    let app = TestApp::start().await;
    let environment = [("DATABASE_URL", app.database.url.as_str()), ("PORTCULLIS_SECRET", crate::support::app::SECRET)];
    let (status, key, errors) = run(&["service-keys", "create", "billing"], &environment);
    assert!(status.success(), "{errors}");
    let key = key.trim().to_owned();
    assert_eq!(ask(&app.url("/revocations"), Some(&key), None).await.status(), 200);
    let (_, list, _) = run(&["service-keys", "list"], &environment);
    let line = list.lines().find(|line| line.ends_with("billing")).expect("a line");
    assert!(!list.contains(key.split_once('.').expect("a secret").1), "{list}");
    let id = line.split_whitespace().next().expect("an id");
    let (status, said, _) = run(&["service-keys", "revoke", id], &environment);
    assert!(status.success() && said.contains(id), "{said}");
    let (status, _, errors) = run(&["service-keys", "revoke", id], &environment);
    assert!(!status.success() && errors.contains(id), "{errors}");
    for name in ["", "  ", "a\nb", &"x".repeat(101)] {
        let (status, _, errors) = run(&["service-keys", "create", name], &environment);
        assert!(!status.success() && errors.contains("1 to 100"), "{errors}");
    }
    assert_eq!(ask(&app.url("/revocations"), Some(&key), None).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_truncated_are_told() {
    let app = TestApp::at_present().await;
    let key = key(&app).await;
    let (ada, eve) = (app.registered("ada@example.com").await, app.registered("eve@example.com").await);
    let mut events = follow(&app, &key, None).await;
    events.batch().await;
    app.database.execute("TRUNCATE accounts CASCADE").await;
    let told = [events.told().await, events.told().await];
    assert!([&ada, &eve].iter().all(|client| about(&told).contains(&sid(client))), "{told:?}");
}

/// As a dump that is restored into another cluster leaves it: the numbers of transactions are of the old one.
#[tokio::test(flavor = "multi_thread")]
async fn revocations_from_before_a_restore_are_told_and_positions_from_then_begin_anew() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let (ada, eve) = (app.registered("ada@example.com").await, app.registered("eve@example.com").await);
    assert!(ada.logout().await);
    let (_, before) = follow(&app, &key, None).await.batch().await;
    app.database
        .execute("UPDATE revocations SET history = '77.00000009', transaction_id = transaction_id + 1000000")
        .await;
    let before = format!("77.00000009-{}", before.split_once('-').expect("a snapshot").1);
    for position in [None, Some(before.as_str())] {
        let mut events = follow(&app, &key, position).await;
        let first = events.next().await.expect("an event");
        assert_eq!(first.kind, "history", "what was told of generations is to be forgotten");
        let (all, _) = events.batch().await;
        assert_eq!(about(&all), [sid(&ada)], "{position:?}");
    }
    let mut events = follow(&app, &key, None).await;
    let (_, position) = events.batch().await;
    assert!(eve.logout().await);
    assert_eq!(events.told().await.sid(), sid(&eve));
    let mut events = follow(&app, &key, Some(&position)).await;
    let first = events.next().await.expect("an event");
    assert_eq!((first.kind.as_str(), first.sid()), ("session", sid(&eve)), "and the old one once");
    assert!(events.batch().await.0.is_empty());
}

/// As on a server that keeps its control data to itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_tell_its_history_tells_revocations_all_the_same() {
    let app = TestApp::start().await;
    let schema = app.database.url.rsplit("%3D").next().expect("a schema").to_owned();
    let refuse = format!(
        "CREATE FUNCTION {schema}.pg_control_system(OUT system_identifier bigint) LANGUAGE plpgsql AS \
         $$ BEGIN RAISE insufficient_privilege; END $$; \
         ALTER FUNCTION portcullis_history SET search_path TO {schema}, pg_catalog"
    );
    app.database.operator.batch_execute(&refuse).await.expect("a function that refuses");
    let key = key(&app).await;
    let ada = app.registered("ada@example.com").await;
    assert!(ada.logout().await);
    let (all, position) = follow(&app, &key, None).await.batch().await;
    assert_eq!(about(&all), [sid(&ada)]);
    assert!(position.starts_with("0."), "{position}");
}

/// A crash of the database forgets which numbers it gave to transactions that left nothing on disk, and gives them away again.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_after_a_crash_of_the_database_is_told() {
    let dir = watched_dir("forgetful");
    // PostgreSQL writes late what nobody waits for.
    let settings = vec![("wal_writer_delay".to_owned(), "10s".to_owned())];
    let server =
        Embedded::start(Options { download: false, settings, ..Options::new(&dir) }).await.expect("PostgreSQL");
    let database = TestDatabase::on(server.url()).await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &[]).await;
    let key = key(&app).await;
    let ada = app.registered("ada@example.com").await;
    let mut events = follow(&app, &key, None).await;
    events.batch().await;
    for _ in 0..100 {
        let nothing = "BEGIN; SELECT pg_current_xact_id(); ROLLBACK";
        app.database.operator.batch_execute(nothing).await.expect("a number");
    }
    events.batch().await;
    let (none, _) = events.batch().await;
    assert!(none.is_empty());
    let pid = app.database.operator.query_one("SELECT pg_backend_pid()", &[]).await.expect("a pid").get(0);
    signal(pid, Signal::KILL);
    until("the database is back", async || {
        let Ok((operator, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await else {
            return false;
        };
        tokio::spawn(connection);
        operator.execute("UPDATE sessions SET revoked_at = now()", &[]).await.is_ok()
    })
    .await;
    assert_eq!(events.told().await.sid(), sid(&ada));
    server.stop().await.expect("a stop");
}
