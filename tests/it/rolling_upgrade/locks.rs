//! Migrations that find tables locked.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::FileBasedMigrations;
use portcullis::clock::Stopwatch;
use portcullis::db::Target;
use portcullis::db::migrations::{self, Extent, Locks, Source};

use super::{PASSWORD, login, schema};
use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::BLOCKED;
use crate::support::process::run;
use crate::support::{TestApp, until};

/// These tests run one at a time. Each holds a transaction open while it waits for the lock on migrations, which all schemas of the
/// database share, and an index that another one builds beside writers would wait for that transaction with this lock.
pub(super) static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Waits until a statement waits for a lock that the operator holds.
pub(super) async fn somebody_waits(app: &TestApp) {
    let waits = async || {
        app.database.execute("SELECT pg_stat_clear_snapshot()").await;
        app.database.count(BLOCKED).await > 0
    };
    until("somebody waits for the operator", waits).await;
}

/// Holds what a long report or a dump holds, or who writes.
pub(super) async fn hold(app: &TestApp, mode: &str) {
    let lock = format!("BEGIN; LOCK TABLE accounts IN {mode} MODE");
    app.database.operator.batch_execute(&lock).await.expect("a lock");
}

/// Releases what the operator holds. Nothing was migrated before, and the next `migrate` does it.
pub(super) async fn is_migrated_when_released(app: &TestApp, environment: &[(&str, &str)]) {
    app.database.operator.batch_execute("COMMIT").await.expect("an end");
    let tables =
        "SELECT count(*) FROM pg_class WHERE relname = 'passwords' AND relnamespace = current_schema::regnamespace";
    assert_eq!(app.database.count(tables).await, 0);
    let (status, said, errors) = run(&["migrate"], environment);
    assert!(status.success() && said.contains("Applied"), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_a_lock_lets_others_go_first_and_is_tried_again() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    schema::of_the_release_before(&app).await;
    hold(&app, "ACCESS SHARE").await;
    let target: Target = app.database.url.parse().expect("a URL of the tests");
    let locks = Locks { timeout: Duration::from_millis(500), wait: Duration::from_secs(600) };
    let migrating = tokio::spawn(async move { migrations::run(&target, Extent::Expanding, locks).await });
    somebody_waits(&app).await;
    // It waits for as long as the report runs if the migration does.
    let reader = app.database.another().await;
    let read = "SET statement_timeout = '20s'; SELECT count(*) FROM accounts";
    reader.batch_execute(read).await.expect("an answer while the lock is held");
    somebody_waits(&app).await;
    app.database.operator.batch_execute("COMMIT").await.expect("an end");
    let migrated = migrating.await.expect("a task").expect("migrations");
    assert_eq!(migrated.left.len(), schema::contracting(), "{migrated:?}");
    app.registered("ada@example.com").await;
    assert_eq!(login(&app, "ada@example.com", PASSWORD).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_gets_no_lock_says_who_holds_one_and_leaves_nothing() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    schema::of_the_release_before(&app).await;
    hold(&app, "ROW EXCLUSIVE").await;
    let process = app.database.count("SELECT pg_backend_pid()::bigint").await;
    let bounds = [("PORTCULLIS_MIGRATE_LOCK_TIMEOUT", "100ms"), ("PORTCULLIS_MIGRATE_WAIT", "1s")];
    let environment = [("DATABASE_URL", app.database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let environment = [&environment[..], &bounds].concat();
    for command in ["migrate", "serve"] {
        let (status, _, errors) = run(&[command], &environment);
        let said = ["lock timeout", "Nothing was changed", &format!("process {process}"), "is tried again in 100ms"];
        assert!(!status.success() && said.iter().all(|part| errors.contains(part)), "{command}: {errors}");
    }
    is_migrated_when_released(&app, &environment).await;
}

/// An instance may have a lock of one table while it waits for that of another. A migration that has the latter and waits for
/// the former would end the request of that instance.
#[tokio::test(flavor = "multi_thread")]
async fn no_migration_keeps_the_locks_of_those_before_it() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    schema::of_the_release_before(&app).await;
    // 2026-11-28-000051 waits for sessions, and 2026-11-28-000050 before it had accounts.
    app.database.operator.batch_execute("BEGIN; LOCK TABLE sessions IN ROW SHARE MODE").await.expect("a lock");
    let target: Target = app.database.url.parse().expect("a URL of the tests");
    let locks = Locks { timeout: Duration::from_secs(60), wait: Duration::ZERO };
    let migrating = tokio::spawn(async move { migrations::run(&target, Extent::Expanding, locks).await });
    somebody_waits(&app).await;
    let writes = "SET LOCAL lock_timeout = '20s'; UPDATE accounts SET username = NULL; COMMIT";
    app.database.operator.batch_execute(writes).await.expect("no deadlock");
    assert_eq!(migrating.await.expect("a task").expect("migrations").left.len(), schema::contracting());
}

/// The tries come until the time is over, whatever the pauses between them.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_tried_again_for_all_of_the_time() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    schema::of_the_release_before(&app).await;
    hold(&app, "ROW EXCLUSIVE").await;
    let target: Target = app.database.url.parse().expect("a URL of the tests");
    let locks = Locks { timeout: Duration::from_millis(100), wait: Duration::from_millis(1500) };
    let watch = Stopwatch::start();
    migrations::run(&target, Extent::Expanding, locks).await.expect_err("a lock that is held");
    assert!(watch.elapsed() > locks.wait, "it gave up after {:?}", watch.elapsed());
}

/// A role may have bounds for the statements of requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_may_take_longer_than_statements_of_its_role() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    let url = format!("{}%20-c%20statement_timeout%3D1h", app.database.url);
    let target: Target = url.parse().expect("a URL of the tests");
    let locks = Locks { timeout: Duration::from_secs(60), wait: Duration::ZERO };
    for (name, alone) in [("in_a_transaction", false), ("alone", true)] {
        let up = format!("CREATE TABLE {name} AS SELECT current_setting('statement_timeout') AS bound;");
        let source: Source = Arc::new(with_one_more(name, name, &up, alone));
        migrations::run_from(&source, &target, Extent::Expanding, locks).await.expect("migrations");
        let unbounded = format!("SELECT count(*) FROM {name} WHERE bound = '0'");
        assert_eq!(app.database.count(&unbounded).await, 1, "{name}");
        // The next one has the same version.
        app.database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20990101000001'").await;
    }
}

fn with_an_index(name: &str) -> FileBasedMigrations {
    let up = "CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_probe_idx ON sessions (created_at);";
    with_one_more(name, "sessions_probe_idx", up, true)
}

/// A folder with our migrations, and one more, which may be applied alone.
fn with_one_more(name: &str, migration: &str, up: &str, alone: bool) -> FileBasedMigrations {
    let folder = watched_dir(name);
    let copy = |from: PathBuf, to: PathBuf| {
        fs::create_dir_all(&to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
        }
    };
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("migrations") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            copy(path.clone(), folder.join(path.file_name().expect("a name")));
        }
    }
    let more = folder.join(format!("2099-01-01-000001_{migration}"));
    fs::create_dir_all(&more).expect("a folder");
    fs::write(more.join("up.sql"), up).expect("a file");
    fs::write(more.join("down.sql"), "SELECT 1;").expect("a file");
    fs::write(more.join("metadata.toml"), format!("run_in_transaction = {}\n", !alone)).expect("a file");
    FileBasedMigrations::from_path(folder).expect("migrations")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_built_beside_writers_and_anew_where_an_earlier_try_was_ended() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    // As it stays when the server ends while the index is built.
    let ended = "CREATE INDEX sessions_probe_idx ON sessions (id); \
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sessions_probe_idx'::regclass";
    app.database.operator.batch_execute(ended).await.expect("an invalid index");
    app.database.operator.batch_execute("BEGIN; UPDATE sessions SET user_agent = 'x'").await.expect("a write");
    let target: Target = app.database.url.parse().expect("a URL of the tests");
    let source: Source = Arc::new(with_an_index("migrations"));
    let locks = Locks { timeout: Duration::from_millis(100), wait: Duration::ZERO };
    let building = tokio::spawn(async move { migrations::run_from(&source, &target, Extent::Expanding, locks).await });
    somebody_waits(&app).await;
    assert_eq!(login(&app, "ada@example.com", PASSWORD).await, "LoginSuccess", "it writes the table as well");
    app.database.operator.batch_execute("COMMIT").await.expect("an end");
    let migrated = building.await.expect("a task").expect("migrations");
    assert_eq!(migrated.applied, ["2099-01-01-000001_sessions_probe_idx"]);
    let built = "SELECT count(*) FROM pg_index WHERE indexrelid = 'sessions_probe_idx'::regclass AND indisvalid \
        AND pg_get_indexdef(indexrelid) LIKE '%(created_at)'";
    assert_eq!(app.database.count(built).await, 1);
}
