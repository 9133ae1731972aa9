//! A whole PostgreSQL that is restored to a moment, from a base backup and archived WAL.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use portcullis::db::embedded::{Embedded, Options};

use super::{ADA, block, follow, recovered, run, serve, service_key};
use crate::support::cluster::{open_to_superusers, options, watched_dir};
use crate::support::database::{TestDatabase, as_superuser, connect};
use crate::support::{PASSWORD, TestApp, until};

/// Options of a PostgreSQL that superusers may copy.
fn copyable(dir: &Path) -> Options {
    let mut options = options(dir);
    options.settings.push(open_to_superusers(dir));
    let rules = dir.join("open-hba.conf");
    let before = fs::read_to_string(&rules).expect("rules");
    fs::write(&rules, format!("local replication postgres trust\n{before}")).expect("rules");
    options
}

/// A directory in which every user may write.
fn open_dir(path: PathBuf) -> PathBuf {
    fs::create_dir(&path).expect("a directory");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("a mode");
    path
}

/// A running PostgreSQL that archives, with a server.
struct Primary {
    dir: PathBuf,
    place: PathBuf,
    postgres: Embedded,
    app: TestApp,
}

impl Primary {
    async fn start() -> Self {
        let dir = watched_dir("archived");
        let place = open_dir(dir.join("backups"));
        open_dir(place.join("wal"));
        let mut options = copyable(&dir);
        for line in block("archive_command", &place).lines() {
            let (name, value) = line.split_once(" = ").expect("a setting");
            options.settings.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        let postgres = Embedded::start(options).await.expect("PostgreSQL");
        let database = TestDatabase::operated_on(postgres.url()).await;
        let url = database.url.clone();
        Self { app: TestApp::on(database, &url, &["--rate-limits=on"]).await, dir, place, postgres }
    }

    /// Runs a block of the page as the user who runs PostgreSQL.
    async fn run(&self, part: &str, restored: &Path, moment: &str) {
        let owner = fs::metadata(self.dir.join("postgres")).expect("a cluster");
        let block = block(part, &self.place)
            .replace("/var/lib/postgresql/15/restored", restored.to_str().expect("UTF-8"))
            .replace("2026-11-29 12:00:00+00", moment);
        let (uid, gid, socket) = (owner.uid(), owner.gid(), self.dir.join("run"));
        let as_owner = |shell: &mut std::process::Command| {
            shell.env("PGHOST", socket).env("PGUSER", "postgres").current_dir("/");
            if rustix::process::geteuid().is_root() {
                shell.uid(uid).gid(gid);
            }
        };
        run(&block, &self.app.database.operator, as_owner).await;
    }

    async fn text(&self, query: &str) -> String {
        self.app.database.operator.query_one(query, &[]).await.expect("a row").get(0)
    }

    /// Waits until everything that was written so far is archived.
    async fn archived(&self) {
        let file = self.text("SELECT pg_walfile_name(pg_switch_wal())").await;
        let done = format!("SELECT count(*) FROM pg_stat_archiver WHERE last_archived_wal >= '{file}'");
        until("it is archived", async || self.app.database.count(&done).await == 1).await;
    }

    /// Starts PostgreSQL on what was restored here, in a place of its own.
    async fn restored(&self, restored: &Path, place: &str) -> (Embedded, TestDatabase) {
        let dir = watched_dir(place);
        fs::rename(restored, dir.join("postgres")).expect("a directory");
        fs::copy(self.dir.join("postgres-password"), dir.join("postgres-password")).expect("a password");
        let postgres = Embedded::start(copyable(&dir)).await.expect("PostgreSQL");
        let (_, schema) = self.app.database.url.split_once('?').expect("a schema");
        let url = format!("{}?{schema}", postgres.url());
        let database = TestDatabase { operator: connect(&as_superuser(&url)).await, url };
        recovered(&database.operator).await;
        (postgres, database)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_restored_to_the_moment_before_a_mistake() {
    let primary = Primary::start().await;
    let (app, restored) = (&primary.app, primary.place.join("restored"));
    let key = service_key(app).await;
    app.registered(ADA).await;
    assert!(app.database.count("SELECT count(*) FROM limits").await > 0);
    primary.run("pg_basebackup", &restored, "").await;
    let eve = app.registered("eve@example.com").await;
    let moment = primary.text("SELECT clock_timestamp()::text").await;
    app.database.execute("DELETE FROM accounts").await;
    let (_, position) = follow(app, &key, None).await.batch().await;
    primary.archived().await;
    primary.run("recovery.signal", &restored, &moment).await;
    let (postgres, database) = primary.restored(&restored, "restored").await;
    assert_eq!(database.count("SELECT count(*) FROM limits").await, 0);
    let after = serve(database, &app.clock).await;

    assert_eq!(after.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    let eve = after.anonymous().with_token(eve.access_token());
    assert_eq!(eve.is_signed_in().await, Ok(()), "written after the base backup and before the moment");
    let mut events = follow(&after, &key, Some(&position)).await;
    assert_eq!(events.next().await.expect("an event").kind, "history");
    events.batch().await;
    assert!(eve.logout().await);
    events.told().await;
    postgres.stop().await.expect("a stop");
    primary.postgres.stop().await.expect("a stop");
}

/// A restored PostgreSQL that does not archive into the same place gives its new timeline the same number each time, and numbers of
/// transactions are given out again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_restore_of_the_same_backup_revokes_is_told() {
    let primary = Primary::start().await;
    let (app, base) = (&primary.app, primary.place.join("base"));
    let (key, ada) = (service_key(app).await, app.registered(ADA).await);
    primary.run("pg_basebackup", &base, "").await;
    let moment = primary.text("SELECT clock_timestamp()::text").await;
    app.registered("eve@example.com").await;
    primary.archived().await;

    let mut timelines = Vec::new();
    let mut position = None::<String>;
    for place in ["restored-first", "restored-second"] {
        let restored = primary.place.join("restored");
        primary.run("recovery.signal", &restored, &moment).await;
        let (postgres, database) = primary.restored(&restored, place).await;
        let timeline = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)";
        timelines.push(database.operator.query_one(timeline, &[]).await.expect("a row").get::<_, String>(0));
        let after = serve(database, &app.clock).await;
        let mut events = follow(&after, &key, position.as_deref()).await;
        assert_eq!(events.next().await.expect("an event").kind, "history");
        events.batch().await;
        if position.is_none() {
            for _ in 0..50 {
                after.database.execute("UPDATE accounts SET roles = '{}' || roles").await;
            }
            position = Some(follow(&after, &key, None).await.batch().await.1);
        } else {
            assert!(after.anonymous().with_token(ada.access_token()).logout().await);
            assert_eq!(events.told().await.sid(), ada.session_id());
        }
        postgres.stop().await.expect("a stop");
    }
    assert_eq!(timelines[0], timelines[1]);
    primary.postgres.stop().await.expect("a stop");
}
