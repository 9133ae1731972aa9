//! The database behind PgBouncer in transaction mode.

use std::time::Duration;

use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use portcullis::clock::Stopwatch;
use portcullis::db::migrations::{self, Extent};
use portcullis::db::{Connection, Database, Target};
use portcullis::error::Error;
use portcullis::use_cases::service_keys::create;
use serde_json::{Value, json};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::feed::refused_within;
use crate::support::app::{LOCKS, Peer, SECRET, instance as instance_at};
use crate::support::database::{BLOCKED, TestDatabase};
use crate::support::events::Events;
use crate::support::pgbouncer::PgBouncer;
use crate::support::process::{Server, run};
use crate::support::proxy::{Network, Proxy};
use crate::support::{Client, PASSWORD, TestApp, until};

/// A timeout that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Locks that others hold on tables of the schema.
const HELD: &str = "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation \
    WHERE relnamespace = current_schema::regnamespace AND pid <> pg_backend_pid()";

fn target(url: &str) -> Target {
    url.parse().expect("a URL of the tests")
}

async fn probed(url: &str) -> Target {
    target(url).probed(PATIENCE).await.expect("an answer")
}

fn instance(bouncer: &PgBouncer) -> Server {
    Server::start(&[
        ("DATABASE_URL", bouncer.url()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_DATABASE_TIMEOUT", "30s"),
        ("PORTCULLIS_RATE_LIMITS", "off"),
    ])
}

fn outcome<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer["data"][field]["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}"))
}

/// Uses all operations, alternating between two instances.
async fn live(number: usize, here: Client, there: Client) {
    let email = format!("{number}@example.com");
    let registered = here.register(&email).await;
    assert_eq!(there.with_token(registered.access_token()).is_signed_in().await, Ok(()));
    let again = there.try_register(json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(outcome(&again, "register"), "EmailTaken");
    assert_eq!(outcome(&here.try_login(&email, "wrong password").await, "login"), "InvalidCredentials");
    let session = there.login(&email).await;
    assert!(here.with_token(session.access_token()).logout().await);
    assert_eq!(session.is_signed_in().await, Err("SESSION_REVOKED".into()));
    let refreshed = registered.refresh().await;
    assert_eq!(there.with_token(refreshed.access_token()).is_signed_in().await, Ok(()));
    let list = "{ me { sessions { nodes { id current } } } }";
    let sessions = there.with_token(refreshed.access_token()).send(list, Value::Null).await;
    assert_eq!(sessions["data"]["me"]["sessions"]["nodes"].as_array().map(Vec::len), Some(1), "{sessions}");
    let other = there.login(&email).await;
    let change = format!(
        "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{PASSWORD} too\" }}) \
         {{ __typename }} }}"
    );
    assert_eq!(outcome(&refreshed.send(&change, Value::Null).await, "changePassword"), "ChangePasswordSuccess");
    assert_eq!(other.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(
        here.try_refresh(registered.refresh_token()).await["__typename"],
        "RefreshTokenSuccess",
        "the one before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_behind_a_pooler_answer_as_they_do_without() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let (other, connection) = tokio_postgres::connect(bouncer.url(), NoTls).await.expect("a way");
    tokio::spawn(connection);
    let names_of_ours = (0..200).map(|number| format!("PREPARE s{number} AS SELECT 1;")).collect::<String>();
    other.batch_execute(&names_of_ours).await.expect("statements that somebody left");

    // The first finds an empty database.
    let instances = [instance(&bouncer), instance(&bouncer)];
    let clients = instances.each_ref().map(Server::client);
    let lives = (0..50).map(|number| live(number, clients[number % 2].clone(), clients[(number + 1) % 2].clone()));
    join_all(lives).await;
    assert_eq!(database.count("SELECT count(*) FROM accounts").await, 50);
    let ended = "SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL";
    until("all ends are written down", async || database.count(ended).await == 100).await;

    // The look-up before finds none of them: the unique index decides, and its error aborts the transaction.
    let one = json!({ "email": "one@example.com", "password": PASSWORD });
    let answers = join_all((0..40).map(|number| clients[number % 2].try_register(one.clone()))).await;
    let taken = answers.iter().filter(|answer| outcome(answer, "register") == "EmailTaken").count();
    assert_eq!(taken, 39);
    for instance in instances {
        let errors = instance.stop();
        assert!(errors.contains("a pooler in transaction mode") && !errors.contains("ERROR"), "{errors}");
    }
    let prepared = "SELECT count(*) FROM pg_prepared_statements";
    let left = other.simple_query(&format!("{prepared}; SHOW statement_timeout; SHOW search_path")).await;
    let left: Vec<_> = left.expect("rows").iter().filter_map(first_value).collect();
    assert!(left[0] == "0" && left[1] == "0" && left[2].starts_with("test_"), "left for the next client: {left:?}");
}

fn first_value(message: &SimpleQueryMessage) -> Option<String> {
    match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_migrate_through_a_pooler_one_does() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let target = probed(bouncer.url()).await;
    assert_eq!(migrations::pending(&target).await.expect("an answer").needed.len(), crate::support::migrations());
    let runs = (0..6).map(|_| {
        let target = target.clone();
        tokio::spawn(async move {
            migrations::run(&target, Extent::Expanding, LOCKS).await.expect("migrations").applied.len()
        })
    });
    let mut applied: Vec<_> = join_all(runs).await.into_iter().map(|run| run.expect("a run")).collect();
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, 0, 0, crate::support::migrations()]);
    let lacking = migrations::pending(&target).await.expect("an answer");
    assert!(lacking.needed.is_empty() && lacking.contracting.is_empty(), "{lacking:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_is_found_where_sessions_are_shared_and_nowhere_else() {
    let database = TestDatabase::new().await;
    assert!(!probed(&database.url).await.is_pooled());
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    // All at once, so that they hide the pooler from each other as well as they can.
    let found = join_all((0..12).map(|_| probed(bouncer.url()))).await;
    assert!(found.iter().all(Target::is_pooled));
    let sessions = PgBouncer::in_mode("session", &database).await.expect("a second pooler");
    for _ in 0..3 {
        assert!(!probed(sessions.url()).await.is_pooled());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_heard_past_a_pooler() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let direct = database.url.clone();
    let app = TestApp::on(database, bouncer.url(), &["--database-direct-url", &direct]).await;
    assert!(app.app.feed.is_fresh());
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()), "and remembered");
    app.database.execute("UPDATE sessions SET revoked_at = created_at").await;
    until("it is heard", async || ada.is_signed_in().await == Err("SESSION_REVOKED".into())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_end_is_missed_past_a_pooler_nor_through_one() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let direct = database.url.clone();
    let past = ["--feed-timeout=1s", "--database-direct-url", &direct];
    // A mistake of the operator: the address that should avoid the pooler leads through it.
    let through = ["--feed-timeout=1s", "--database-direct-url", bouncer.url()];
    let app = TestApp::on(database, bouncer.url(), &past).await;
    let clock = app.clock.clone();
    let ada = app.registered("ada@example.com").await;
    for (flags, fresh) in [(&past[..], true), (&through[..], false), (&["--feed-timeout=1s"], false)] {
        let peer = instance_at(bouncer.url(), &clock, SECRET, flags).await.expect("an app");
        let peer = Peer::serve(std::sync::Arc::new(peer)).await;
        assert_eq!(peer.app.feed.is_fresh(), fresh);
        for _ in 0..5 {
            let client = ada.login("ada@example.com").await;
            let there = peer.visited_by(&client);
            assert_eq!((there.is_signed_in().await, there.is_signed_in().await), (Ok(()), Ok(())));
            assert!(fresh || peer.app.session_cache.is_empty(), "nothing is remembered without a feed");
            assert!(client.logout().await);
            refused_within(Duration::from_secs(1), Stopwatch::start(), &there).await;
        }
    }
}

/// Another database of the same server.
async fn elsewhere(database: &TestDatabase) -> String {
    database.operator.batch_execute("CREATE DATABASE elsewhere").await.expect("a database");
    let (server, _) = database.url.rsplit_once('/').expect("a database");
    format!("{server}/elsewhere")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_does_not_echo_is_told_at_start() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let pooled = [("DATABASE_URL", bouncer.url()), ("PORTCULLIS_SECRET", SECRET)];
    let log = Server::start(&pooled).stop();
    assert!(log.contains("there is no feed of changes through a pooler"), "{log}");

    // Mistakes of the operator: an address that should avoid the pooler and leads through it, and one of another
    // database.
    let other = elsewhere(&database).await;
    for (direct, why) in [(bouncer.url(), "leads through a pooler"), (&other, "leads to another database")] {
        let environment = [&pooled[..], &[("PORTCULLIS_DATABASE_DIRECT_URL", direct)]].concat();
        let (status, _, errors) = run(&[], &environment);
        assert!(!status.success() && errors.contains(&format!("PORTCULLIS_DATABASE_DIRECT_URL {why}")), "{errors}");
    }
    let deaf = Proxy::before(&database).await;
    deaf.set(Network::Deaf);
    let direct = deaf.url(&database);
    let log = Server::start(&[&pooled[..], &[("PORTCULLIS_DATABASE_DIRECT_URL", &direct)]].concat()).stop();
    assert!(log.contains("the feed of changes is not heard") && log.contains("does not echo"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_are_told_behind_a_pooler_with_and_without_a_feed() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let direct = database.url.clone();
    let app = TestApp::on(database, bouncer.url(), &["--database-direct-url", &direct]).await;
    let without = instance_at(bouncer.url(), &app.clock, SECRET, &["--feed-timeout=1s"]).await.expect("an app");
    let without = Peer::serve(std::sync::Arc::new(without)).await;
    let key = create(&app.console(&[]).operator(), "a backend").await.expect("a database").expect("a name").1;
    let mut streams = [
        Events::open(&app.url("/revocations"), key.expose(), None).await,
        Events::open(&format!("http://{}/revocations", without.address), key.expose(), None).await,
    ];
    for stream in &mut streams {
        assert!(stream.batch().await.0.is_empty());
    }
    let ada = app.registered("ada@example.com").await;
    assert!(ada.logout().await);
    for stream in &mut streams {
        assert_eq!(stream.told().await.data["sid"], ada.session_id());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_behind_a_pooler_leaves_no_transaction() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let direct = database.url.clone();
    let flags = ["--database-timeout=2s", "--database-pool-size=2", "--database-direct-url", &direct];
    let app = TestApp::on(database, bouncer.url(), &flags).await;
    let ada = app.registered("ada@example.com").await;
    app.database.operator.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    for answer in join_all((0..6).map(|_| ada.me())).await {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    }
    until("no statement is left", async || app.database.count(BLOCKED).await == 0).await;
    app.database.operator.batch_execute("ROLLBACK").await.expect("a rollback");
    until("no transaction is left", async || app.database.count(HELD).await == 0).await;
    until("it answers again", async || ada.me().await["data"]["me"]["id"].is_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_nobody_waits_for_holds_no_transaction() {
    let test = TestDatabase::new().await;
    test.operator.batch_execute("CREATE TABLE held (id int)").await.expect("a table");
    for target in [target(&test.url), target(&test.url).pooled()] {
        let database = Database::new(target, 1, PATIENCE);
        let work = database.run(async |connection| {
            let endless = async |connection: &mut Connection| {
                connection.batch_execute("LOCK TABLE held").await?;
                std::future::pending::<Result<(), Error>>().await
            };
            connection.transaction(endless).await
        });
        tokio::select! {
            _ = work => panic!("it never ends"),
            () = until("it holds a lock", async || test.count(HELD).await > 0) => {}
        }
        until("it holds no lock", async || test.count(HELD).await == 0).await;
        database.ping().await.expect("another connection");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_use_behind_a_pooler_takes_three_trips_more() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let (url, direct) = (proxy.url(&database), database.url.clone());
    let app =
        TestApp::on(database, &url, &["--database-pool-size=1", "--session-cache=0", "--database-direct-url", &direct])
            .await;
    let ada = app.registered("ada@example.com").await;
    let before = proxy.trips();
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(proxy.trips() - before, 4, "begin, prepare, execute, commit");
}
