//! Instances that are told to stop while they wait in a migration.

use std::process::{Child, ExitStatus, Stdio};

use rustix::process::Signal;

use super::locks::{ALONE, hold, is_migrated_when_released, somebody_waits};
use super::schema;
use crate::support::app::SECRET;
use crate::support::database::BLOCKED;
use crate::support::pgbouncer::PgBouncer;
use crate::support::process::{command, signal};
use crate::support::{TestApp, until};

/// How long the migration would wait: longer than a test does.
const BOUNDS: [(&str, &str); 2] = [("PORTCULLIS_MIGRATE_LOCK_TIMEOUT", "1m"), ("PORTCULLIS_MIGRATE_WAIT", "1h")];

async fn end(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("it ends", async || {
        status = child.try_wait().expect("a status");
        status.is_some()
    })
    .await;
    status.expect("a status")
}

/// Stops `serve` and `migrate` while a migration waits for a lock that the operator holds.
async fn stop_while_it_waits(app: &TestApp, url: &str) {
    schema::of_the_release_before(app).await;
    let recorded = "SELECT count(*) FROM __diesel_schema_migrations";
    let before = app.database.count(recorded).await;
    let environment = [&[("DATABASE_URL", url), ("PORTCULLIS_SECRET", SECRET)], &BOUNDS[..]].concat();
    hold(app, "ROW EXCLUSIVE").await;
    for (arguments, code) in [("serve", 0), ("migrate", 1)] {
        for ending in [Signal::TERM, Signal::INT] {
            let mut server = command(&environment);
            let mut server =
                server.arg(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
            somebody_waits(app).await;
            signal(i32::try_from(server.id()).expect("a pid"), ending);
            assert_eq!(end(&mut server).await.code(), Some(code), "{arguments} {ending:?}");
            app.database.execute("SELECT pg_stat_clear_snapshot()").await;
            assert_eq!(
                app.database.count(BLOCKED).await,
                0,
                "the server still waits for the lock: {arguments} {ending:?}"
            );
        }
    }
    assert_eq!(app.database.count(recorded).await, before);
    is_migrated_when_released(app, &environment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_start_that_waits_in_a_migration_and_its_statement() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    stop_while_it_waits(&app, &app.database.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_through_a_pooler_as_well() {
    let _alone = ALONE.lock().await;
    let app = TestApp::start().await;
    let Some(pooler) = PgBouncer::before(&app.database).await else { return };
    stop_while_it_waits(&app, pooler.url()).await;
}
