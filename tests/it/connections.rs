//! A database that gives fewer connections than the pool may hold.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::timeout;

use crate::support::app::SECRET;
use crate::support::cluster::{open_to_superusers, options, watched_dir};
use crate::support::database::TestDatabase;
use crate::support::pgbouncer::PgBouncer;
use crate::support::process::{Server, run};
use crate::support::proxy::{Network, Proxy};
use crate::support::raw::{Raw, post};
use crate::support::{Client, PASSWORD, TestApp, until};
use portcullis::db::embedded::{Embedded, Options};

/// More than the few connections, fewer than the pool may hold.
const CLIENTS: usize = 12;

/// What an operator reads when it gives more again.
const AGAIN: &str = "database connections can be opened again";

/// What an operator reads when the database gives no more.
const TOLD: &str = "the database gives no more connections";

fn environment(url: &str) -> [(&str, &str); 5] {
    [
        ("DATABASE_URL", url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_SESSION_CACHE", "0"),
        ("PORTCULLIS_RATE_LIMITS", "off"),
    ]
}

/// All clients at once, each so many times. Gives the answers that are errors.
async fn storm(ada: &Client, rounds: usize) -> Vec<Value> {
    let client = async || {
        let mut errors = Vec::new();
        for _ in 0..rounds {
            let answer = ada.me().await;
            if !answer["errors"].is_null() {
                errors.push(answer);
            }
        }
        errors
    };
    join_all((0..CLIENTS).map(|_| client())).await.concat()
}

/// The value of a field in a line of the log.
fn number(line: &str, field: &str) -> usize {
    let (_, rest) = line.split_once(field).expect("a field");
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().expect("a number")
}

fn assert_none(errors: &[Value], what: &str) {
    assert!(errors.is_empty(), "{what}: {} errors, such as {}", errors.len(), errors[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_few_connections_makes_callers_wait_and_fails_none() {
    let database = TestDatabase::new().await.of_a_role("CONNECTION LIMIT 6").await;
    let server = Server::start(&environment(&database.url));
    let ada = server.client().register("ada@example.com").await;
    assert_none(&storm(&ada, 100).await, "of the role's limit");
    // The feed holds two of the six; and the server counts what it is about to refuse, so it may refuse more than it has to.
    let log = server.log();
    let told = log.lines().find(|line| line.contains(TOLD)).expect("a refusal");
    let (there, kept) = (number(told, "connections="), number(told, "held="));
    assert!(there <= 4 && kept == there.saturating_sub(2).max(1), "some are left for others: {told}");

    database.operator.batch_execute(&format!("ALTER ROLE {} CONNECTION LIMIT 40", database.role())).await.expect("it");
    until("it is said that there are more", async || {
        assert_none(&storm(&ada, 10).await, "while it grows");
        server.log().contains(AGAIN)
    })
    .await;
    let log = server.stop();
    assert_eq!(log.matches(TOLD).count(), 1, "{log}");
    assert_eq!(log.matches(AGAIN).count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_a_second_instance_share_few_connections() {
    let database = TestDatabase::new().await.of_a_role("CONNECTION LIMIT 6").await;
    let first = Server::start(&environment(&database.url));
    let ada = first.client().register("ada@example.com").await;
    let load = {
        let ada = ada.clone();
        let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let mut errors = Vec::new();
            while stopped.try_recv() == Err(TryRecvError::Empty) {
                errors.extend(storm(&ada, 10).await);
            }
            errors
        });
        (task, stop)
    };
    let url = database.url.clone();
    let command = move || run(&["keys", "list"], &environment(&url));
    let (status, out, errors) = tokio::task::spawn_blocking(command).await.expect("a command");
    assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
    // As when instances are replaced one by one.
    let url = database.url.clone();
    let second = tokio::task::spawn_blocking(move || Server::start(&environment(&url))).await.expect("an instance");
    let bob = second.client().register("bob@example.com").await;
    assert_none(&storm(&bob, 10).await, "of the second instance");
    drop(load.1);
    assert_none(&load.0.await.expect("a load"), "of the first instance");
    first.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_having_no_more_connections_makes_callers_wait() {
    // Of the database.
    let database = TestDatabase::new().await.of_a_role("").await;
    database.operator.batch_execute("CREATE DATABASE narrow CONNECTION LIMIT 5").await.expect("a database");
    let (server, _) = database.url.split_once("/portcullis?").expect("a database");
    let narrow = format!("{server}/narrow");
    database
        .operator
        .batch_execute(&format!("ALTER DATABASE narrow OWNER TO {}", database.role()))
        .await
        .expect("an owner");
    let server = Server::start(&environment(&narrow));
    let ada = server.client().register("ada@example.com").await;
    assert_none(&storm(&ada, 30).await, "of the database's limit");
    assert_eq!(server.stop().matches(TOLD).count(), 1);

    // Of the server, of which some are kept for superusers.
    let dir = watched_dir("few");
    let mut settings = options(&dir).settings;
    settings.push(open_to_superusers(&dir));
    settings.extend([("max_connections", "9"), ("max_wal_senders", "0")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    let postgres = Embedded::start(Options { settings, ..options(&dir) }).await.expect("PostgreSQL");
    let database = TestDatabase::operated_on(postgres.url()).await.of_a_role("").await;
    let server = Server::start(&environment(&database.url));
    let ada = server.client().register("ada@example.com").await;
    assert_none(&storm(&ada, 30).await, "of the server's limit");
    assert_eq!(server.stop().matches(TOLD).count(), 1);
    postgres.stop().await.expect("a stop");

    // Of a pooler.
    let database = TestDatabase::new().await;
    let schema: String = database.operator.query_one("SELECT current_schema()::text", &[]).await.expect("a row").get(0);
    let query = format!("connect_query='SET search_path TO {schema}'");
    let few = "pool_mode = transaction\nmax_client_conn = 5";
    let Some(bouncer) = PgBouncer::with(&database, &query, few).await else { return };
    let server = Server::start(&environment(bouncer.url()));
    let ada = server.client().register("ada@example.com").await;
    assert_none(&storm(&ada, 30).await, "of the pooler's limit");
    assert_eq!(server.stop().matches(TOLD).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_connection_can_be_opened_those_that_are_open_serve_all() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--session-cache=0", "--database-pool-size=8"]).await;
    let ada = app.registered("ada@example.com").await;
    for network in [Network::Full, Network::Clogged] {
        proxy.set(network);
        assert_none(&storm(&ada, 20).await, &format!("{network:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_connection_a_caller_waits_for_one_as_long_as_for_the_database() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &["--session-cache=0", "--database-timeout=5s", "--feed-timeout=1m"]).await;
    let ada = app.registered("ada@example.com").await;
    let role = app.database.role().to_owned();
    let limit = async |limit: i32| {
        let alter = format!("ALTER ROLE {role} CONNECTION LIMIT {limit}");
        app.database.operator.batch_execute(&alter).await.expect("a limit");
    };
    limit(0).await;
    let end = format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'");
    app.database.count(&end).await;
    until("it is noticed", async || ada.me().await["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE").await;

    let waits = tokio::spawn({
        let ada = ada.clone();
        async move { ada.is_signed_in().await }
    });
    until("the caller waits", async || app.app.db.waiting() > 0).await;
    // Two are for the feed, which may ask first.
    limit(3).await;
    assert_eq!(waits.await.expect("an answer"), Ok(()));
    let login = app.anonymous().try_login("ada@example.com", PASSWORD).await;
    assert_eq!(login["data"]["login"]["__typename"], "LoginSuccess", "{login}");
}

/// As long as a statement waits for a row, nobody else gets the connection that it runs on.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_leaves_nobody_a_connection_that_is_at_work() {
    // Longer than any test waits for something: what ends sooner was ended.
    let flags = ["--database-pool-size=4", "--database-timeout=60s", "--request-timeout=120s", "--session-cache=0"];
    let app = TestApp::with(&flags).await;
    let ada = app.registered("ada@example.com").await;
    let bob = app.registered("bob@example.com").await;
    // As many are open as there may be.
    assert_none(&storm(&bob, 5).await, "before");
    let of_ada = "SELECT FROM sessions WHERE account_id = (SELECT id FROM accounts WHERE email = 'ada@example.com')";
    let holder = app.database.another().await;
    holder.batch_execute(&format!("BEGIN; {of_ada} FOR UPDATE")).await.expect("a lock");
    let pid: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).await.expect("a row").get(0);
    let blocked = format!("SELECT count(*) FROM pg_stat_activity WHERE {pid} = ANY (pg_blocking_pids(pid))");
    // More often than there are connections.
    for _ in 0..6 {
        let query = "mutation($i: RefreshTokenInput!) { refreshToken(input: $i) { __typename } }";
        let body = json!({ "query": query, "variables": { "i": { "refreshToken": ada.refresh_token() } } }).to_string();
        let mut raw = Raw::connect(app.address).await;
        raw.send(&post(&body)).await;
        tokio::select! {
            () = until("it waits for the row", async || app.database.count(&blocked).await == 1) => {}
            answer = raw.answer() => panic!("it does not wait: {}", answer.json()),
        }
        drop(raw);
        for _ in 0..20 {
            let answer = timeout(Duration::from_secs(5), bob.is_signed_in()).await;
            assert_eq!(answer.expect("an answer at once"), Ok(()));
        }
        until("the statement was ended", async || app.database.count(&blocked).await == 0).await;
    }
    let login = timeout(Duration::from_secs(5), app.anonymous().login_type("bob@example.com", PASSWORD)).await;
    assert_eq!(login.expect("an answer at once"), "LoginSuccess");
}
