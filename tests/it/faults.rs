//! Faults: the database away, frozen, crashed under load; a panic; a stop with requests in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::clock::{Clock, ManualClock};
use portcullis::db::embedded::{Embedded, Options};
use serde_json::{Value, json};

use crate::support::cluster::watched_dir;
use crate::support::database::{BLOCKED, TestDatabase, connect};
use crate::support::process::{postmaster, signal};
use crate::support::proxy::{Network, Proxy};
use crate::support::{PASSWORD, TestApp, until};

/// Longer than the server may take to give up, shorter than a hang.
const BOUND: Duration = Duration::from_secs(6);

async fn bounded<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, answer).await.expect("an answer in time")
}

/// The code of the only error.
fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

async fn readiness(app: &TestApp) -> u16 {
    let http = app.anonymous().http.clone();
    bounded(http.get(app.url("/health/ready")).send()).await.map_or(0, |answer| answer.status().as_u16())
}

async fn every_operation_is_unavailable(app: &TestApp, ada: &crate::support::Client) {
    let new = json!({ "email": "eve@example.com", "password": PASSWORD });
    let logout = "mutation { logout { ended } }";
    for answer in [
        bounded(ada.me()).await,
        bounded(app.anonymous().try_register(new)).await,
        bounded(app.anonymous().try_login("ada@example.com", PASSWORD)).await,
        bounded(ada.send(logout, Value::Null)).await,
    ] {
        assert_eq!(code(&answer), "SERVICE_UNAVAILABLE");
        let text = answer.to_string();
        assert!(!text.contains("onnection") && !text.contains("127.0.0.1"), "the cause is for the log: {text}");
    }
    assert_eq!(readiness(app).await, 503);
    let live = app.anonymous().http.get(app.url("/health/live")).send().await.expect("an answer");
    assert_eq!(live.status(), 200, "the process is well");
    let plain = bounded(app.anonymous().send("{ __typename }", Value::Null)).await;
    assert_eq!(plain, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_network_is_cut_or_frozen_callers_are_told_and_then_all_is_well_again() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app =
        TestApp::on(database, &url, &["--database-timeout=300ms", "--database-pool-size=2", "--session-cache=0"]).await;
    let ada = app.registered("ada@example.com").await;
    for network in [Network::Cut, Network::Frozen] {
        proxy.set(network);
        every_operation_is_unavailable(&app, &ada).await;
        proxy.set(Network::Up);
        until("readiness", async || readiness(&app).await == 200).await;
        assert_eq!(bounded(ada.is_signed_in()).await, Ok(()), "{network:?}");
        bounded(app.anonymous().login("ada@example.com")).await;
    }
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    assert!(ada.logout().await, "no logout was acknowledged before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_busy_is_no_hang() {
    let flags = ["--database-timeout=300ms", "--database-pool-size=1", "--session-cache=0"];
    let app = TestApp::with(&flags).await;
    let ada = app.registered("ada@example.com").await;
    app.database.operator.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let answers = bounded(futures_util::future::join_all((0..10).map(|_| ada.me()))).await;
    assert!(answers.iter().all(|answer| code(answer) == "SERVICE_UNAVAILABLE"), "{answers:?}");
    // The server cancels what nobody waits for: no statement and no connection is left behind.
    until("no statement is left", async || app.database.count(BLOCKED).await == 0).await;
    app.database.operator.batch_execute("ROLLBACK").await.expect("a rollback");
    assert_eq!(bounded(ada.is_signed_in()).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_its_commit_is_not_acknowledged() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    // The rows of a statement are sent before its commit, which may still fail, or be lost in a crash.
    app.database
        .operator
        .batch_execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'at the commit'; END $$; \
             CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON sessions \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await
        .expect("a trigger");
    let new = json!({ "email": "eve@example.com", "password": PASSWORD });
    let refresh =
        format!("mutation {{ refreshToken(input: {{ refreshToken: {:?} }}) {{ __typename }} }}", ada.refresh_token());
    for answer in [
        app.anonymous().try_register(new).await,
        app.anonymous().try_login("ada@example.com", PASSWORD).await,
        app.anonymous().send(&refresh, Value::Null).await,
    ] {
        assert_eq!(code(&answer), "SERVICE_UNAVAILABLE");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    app.database.operator.batch_execute("DROP TRIGGER late ON sessions").await.expect("no trigger");
    ada.refresh().await;
}

/// A PostgreSQL of its own, durable.
async fn private(dir: &std::path::Path) -> Embedded {
    Embedded::start(Options { download: false, ..Options::new(dir) }).await.expect("a private PostgreSQL")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_under_load_loses_nothing_that_was_acknowledged() {
    let dir = watched_dir("crash");
    let server = private(&dir).await;
    let database = TestDatabase::on(server.url()).await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &["--database-timeout=1s"]).await;

    let (running, refused) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let (client, running, refused) = (app.anonymous(), running.clone(), refused.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    if !running.load(Ordering::SeqCst) {
                        break;
                    }
                    let email = format!("{worker}-{number}@example.com");
                    let answer = bounded(client.try_register(json!({ "email": email, "password": PASSWORD }))).await;
                    match answer["data"]["register"]["__typename"].as_str() {
                        Some("RegisterSuccess") => acknowledged.push(email),
                        None => {
                            assert_eq!(code(&answer), "SERVICE_UNAVAILABLE");
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                        Some(other) => panic!("{other}"),
                    }
                }
                acknowledged
            })
        })
        .collect();

    let accounts = async || app.database.count("SELECT count(*) FROM accounts").await;
    until("load", async || accounts().await > 20).await;
    // An immediate shutdown: PostgreSQL treats it as a crash, and recovers from its log at the next start.
    signal(postmaster(&dir).expect("a database"), rustix::process::Signal::QUIT);
    until("refusals", async || refused.load(Ordering::SeqCst) > 20).await;
    server.stop().await.expect("a stop of what has stopped");

    let server = private(&dir).await;
    let operator = connect(server.url()).await;
    let schema = url.rsplit("%3D").next().expect("a schema");
    operator.batch_execute(&format!("SET search_path TO {schema}")).await.expect("the schema");
    let count =
        async || -> i64 { operator.query_one("SELECT count(*) FROM accounts", &[]).await.expect("a row").get(0) };
    let before = count().await;
    until("recovery without a restart", async || count().await > before + 20).await;
    running.store(false, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for worker in workers {
        acknowledged.extend(worker.await.expect("a worker"));
    }
    let rows = operator.query("SELECT email FROM accounts", &[]).await.expect("rows");
    let stored: std::collections::HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|email| !stored.contains(*email)).collect();
    assert!(lost.is_empty(), "{} acknowledged, lost: {lost:?}", acknowledged.len());
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    server.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_resolver_is_an_error_with_the_requests_id_and_the_server_lives_on() {
    let armed = Arc::new(AtomicBool::new(false));
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a date"));
    let (time, fuse) = (clock.clock(), armed.clone());
    let faulty = Clock::from_fn(move || {
        assert!(!fuse.load(Ordering::SeqCst), "the clock of this test breaks, and holds a secret: {PASSWORD}");
        time.now()
    });
    let database = TestDatabase::new().await;
    let url = database.url.clone();
    let app = TestApp::at(database, &url, &[], clock, faulty).await;
    let ada = app.registered("ada@example.com").await;

    armed.store(true, Ordering::SeqCst);
    let body = json!({ "query": "{ me { id } }" }).to_string();
    for accept in ["application/json", "application/graphql-response+json"] {
        let request = ada.post(body.clone()).header("accept", accept).header("x-request-id", "find-me");
        let answer = bounded(request.send()).await.expect("an answer");
        assert_eq!(answer.status(), 500);
        let answer: Value = answer.json().await.expect("JSON");
        let error = json!({
            "message": "Something went wrong on our side.",
            "extensions": { "code": "INTERNAL_SERVER_ERROR", "requestId": "find-me" },
        });
        assert_eq!(answer, json!({ "errors": [error] }));
    }
    armed.store(false, Ordering::SeqCst);
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_finished_before_the_server_stops() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    app.database.operator.batch_execute("BEGIN; LOCK TABLE sessions IN SHARE MODE").await.expect("a lock");
    let client = app.anonymous();
    let login = tokio::spawn(async move { client.try_login("ada@example.com", PASSWORD).await });
    until("the login is in flight", async || app.database.count(BLOCKED).await > 0).await;

    let http = app.anonymous().http.clone();
    let ready = app.url("/health/ready");
    app.stop.send(()).expect("a server to stop");
    until("the server is not ready", async || http.get(&ready).send().await.is_ok_and(|answer| answer.status() == 503))
        .await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    let answer = bounded(login).await.expect("an answer");
    assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "{answer}");
    bounded(app.server).await.expect("a server").expect("a good end");
    assert!(http.get(&ready).send().await.is_err(), "the port is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_no_longer_than_the_grace() {
    let app = TestApp::with(&["--shutdown-grace=200ms", "--database-timeout=1m"]).await;
    app.registered("ada@example.com").await;
    app.database.operator.batch_execute("BEGIN; LOCK TABLE sessions IN SHARE MODE").await.expect("a lock");
    let client = app.anonymous();
    let body = json!({ "query": "mutation { login(input: { identifier: \"ada@example.com\", password: \"correct horse battery staple\" }) { __typename } }" });
    let login = tokio::spawn(async move { client.post(body.to_string()).send().await });
    until("the login is in flight", async || app.database.count(BLOCKED).await > 0).await;
    app.stop.send(()).expect("a server to stop");
    bounded(app.server).await.expect("a server").expect("a good end");
    assert!(bounded(login).await.expect("a task").is_err(), "the connection was closed");
}
