//! The private PostgreSQL: its first start, what may prevent it, and its end.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use portcullis::db::embedded::{Embedded, EmbeddedError, Options, default_data_dir};
use rustix::process::{Pid, Signal, geteuid, getpgid};
use tokio_postgres::NoTls;

use crate::support::cluster::{options, watched_dir};
use crate::support::database::connect;
use crate::support::process::{postmaster, runs, signal};
use crate::support::until;

async fn count(url: &str, sql: &str) -> i64 {
    connect(url).await.query_one(sql, &[]).await.expect("a query that counts").get(0)
}

fn am_root() -> bool {
    geteuid().is_root()
}

/// How many processes work in the directory.
fn working_in(dir: &Path) -> usize {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir))).count()
}

#[tokio::test]
async fn a_first_start_makes_everything_and_a_second_keeps_the_data() {
    let dir = watched_dir("first");
    let database = Embedded::start(options(&dir)).await.expect("it works");
    let client = connect(database.url()).await;
    assert_eq!(client.query_one("select 1", &[]).await.expect("it works").get::<_, i32>(0), 1);
    client.batch_execute("create table kept (n int); insert into kept values (1), (2)").await.expect("it works");
    for (name, wanted) in [
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("TimeZone", "UTC"),
        ("log_error_verbosity", "terse"),
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("fsync", "off"),
    ] {
        let row = client.query_one(&format!("show {name}"), &[]).await.expect("it works");
        assert_eq!(row.get::<_, String>(0), wanted, "{name}");
    }
    let mode = |name: &str| fs::metadata(dir.join(name)).expect("it works").permissions().mode() & 0o777;
    assert_eq!((mode("postgres"), mode("postgres-password"), mode("run")), (0o700, 0o600, 0o700));
    assert_ne!(fs::metadata(dir.join("postgres")).expect("it works").uid(), 0, "PostgreSQL must not be root's");

    let pid = postmaster(&dir).expect("it works");
    let group = getpgid(Pid::from_raw(pid)).expect("it works");
    assert_eq!(group.as_raw_pid(), pid, "Ctrl-C must not reach PostgreSQL");
    database.stop().await.expect("it works");
    assert!(!runs(pid) && working_in(&dir) == 0);

    let database = Embedded::start(options(&dir)).await.expect("it works");
    assert_eq!(count(database.url(), "select count(*) from kept").await, 2);
    database.stop().await.expect("it works");
}

#[tokio::test]
async fn a_wrong_password_is_refused_on_the_socket_too() {
    let dir = watched_dir("password");
    let database = Embedded::start(options(&dir)).await.expect("it works");
    let password = fs::read_to_string(dir.join("postgres-password")).expect("it works");
    assert!(database.url().contains(password.trim()) && !format!("{database:?}").contains(password.trim()));
    let wrong = database.url().replace(password.trim(), "00");
    assert!(tokio_postgres::connect(&wrong, NoTls).await.is_err());
}

#[tokio::test]
async fn a_dropped_one_leaves_nothing_running() {
    let dir = watched_dir("drop");
    let database = Embedded::start(options(&dir)).await.expect("it works");
    let pid = postmaster(&dir).expect("it works");
    drop(database);
    assert!(!runs(pid) && working_in(&dir) == 0);
}

#[tokio::test]
async fn a_cancelled_start_leaves_nothing_running_and_the_next_one_works() {
    let dir = watched_dir("cancelled");
    // This holds at whatever moment of the start it is killed.
    for milliseconds in [0, 30, 100, 200, 400, 800, 1200, 1600] {
        _ = tokio::time::timeout(Duration::from_millis(milliseconds), Embedded::start(options(&dir))).await;
        until("nothing runs", async || working_in(&dir) == 0).await;
    }
    let database = Embedded::start(options(&dir)).await.expect("it works");
    assert_eq!(count(database.url(), "select count(*) from pg_class where relname = 'pg_class'").await, 1);
    let left = fs::read_dir(&dir)
        .expect("it works")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".new"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_number_that_now_belongs_to_another_process_does_not_block() {
    let dir = watched_dir("recycled");
    let database = Embedded::start(options(&dir)).await.expect("it works");
    signal(postmaster(&dir).expect("it works"), Signal::KILL);
    drop(database);
    let path = dir.join("postgres/postmaster.pid");
    let old = fs::read_to_string(&path).expect("it works");
    // A living process of the same user that is not PostgreSQL.
    let owner = fs::metadata(dir.join("postgres")).expect("it works");
    let mut other = Command::new("sleep");
    other.arg("600");
    if am_root() {
        std::os::unix::process::CommandExt::uid(&mut other, owner.uid());
    }
    let mut other = other.spawn().expect("it works");
    fs::write(&path, old.replacen(old.lines().next().expect("it works"), &other.id().to_string(), 1))
        .expect("it works");
    let started = Embedded::start(options(&dir)).await;
    let spared = runs(other.id() as i32);
    other.kill().expect("it works");
    other.wait().expect("it works");
    assert!(spared);
    started.expect("it works").stop().await.expect("it works");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_falls_back_to_tcp() {
    let dir = watched_dir("long").join("d".repeat(90));
    let database = Embedded::start(options(&dir)).await.expect("it works");
    assert!(database.url().contains("@127.0.0.1:"));
    assert_eq!(count(database.url(), "select 1::bigint").await, 1);
    database.stop().await.expect("it works");
}

#[tokio::test]
async fn a_path_with_odd_characters_works() {
    let dir = watched_dir("odd").join("a b,c\"d=%é'\\");
    let database = Embedded::start(options(&dir)).await.expect("it works");
    assert!(!database.url().contains("127.0.0.1"));
    assert_eq!(count(database.url(), "select 1::bigint").await, 1);
    database.stop().await.expect("it works");
}

#[tokio::test]
async fn a_lost_password_file_is_made_anew() {
    let dir = watched_dir("lost");
    Embedded::start(options(&dir)).await.expect("it works").stop().await.expect("it works");
    fs::remove_file(dir.join("postgres-password")).expect("it works");
    // The pid file names a process that lives: ours.
    let stale = format!("{}\n{}\n", std::process::id(), dir.join("postgres").display());
    fs::write(dir.join("postgres/postmaster.pid"), stale).expect("it works");
    for _ in 0..2 {
        let database = Embedded::start(options(&dir)).await.expect("it works");
        assert_eq!(count(database.url(), "select 1::bigint").await, 1);
        database.stop().await.expect("it works");
    }
}

#[test]
fn the_default_directory_is_one_that_postgresql_can_reach() {
    let dir = default_data_dir().expect("it works");
    if am_root() {
        assert_eq!(dir, Path::new("/var/lib/portcullis"));
    } else if std::env::var_os("XDG_DATA_HOME").is_none() {
        assert_eq!(dir, std::env::home_dir().expect("it works").join(".local/share/portcullis"));
    }
}

#[tokio::test]
async fn root_is_told_which_directory_shuts_postgresql_out() {
    if !am_root() {
        return;
    }
    let home = watched_dir("home").join("home");
    fs::DirBuilder::new().mode(0o700).create(&home).expect("it works");
    let data_dir = home.join("share/portcullis");
    let error = Embedded::start(options(&data_dir)).await.expect_err("a refusal");
    assert!(matches!(&error, EmbeddedError::Unreachable { blocked, .. } if *blocked == home), "{error}");
    assert!(error.to_string().contains("PORTCULLIS_DATA_DIR"));
    assert!(!home.join("share").exists(), "nothing is made where nothing can run");
}

#[tokio::test]
async fn a_directory_of_another_user_is_refused_by_name() {
    let dir = if am_root() {
        let dir = watched_dir("foreign");
        std::os::unix::fs::chown(&dir, Some(65534), None).expect("it works");
        dir
    } else {
        "/var".into()
    };
    let error = Embedded::start(options(&dir)).await.expect_err("a refusal");
    assert!(matches!(&error, EmbeddedError::ForeignOwner { path, .. } if *path == dir), "{error}");
    if !am_root() {
        let error = Embedded::start(options(Path::new("/var/lib/portcullis-of-nobody"))).await.expect_err("a refusal");
        assert!(matches!(&error, EmbeddedError::File { .. }), "{error}");
    }
}

#[tokio::test]
async fn without_postgresql_the_message_says_how_to_get_it() {
    let dir = watched_dir("none");
    for download in [false, true] {
        let nowhere = Options { bin_dirs: Some(Vec::new()), download, ..Options::new(&dir) };
        let error = Embedded::start(nowhere).await.expect_err("a refusal").to_string();
        for part in ["apt-get install postgresql", "dnf install", "brew install", "DATABASE_URL=postgres://"] {
            assert!(error.contains(part), "{error}");
        }
    }
    let there = Options { bin_dirs: Some(vec!["/usr/share".into()]), ..Options::new(&dir) };
    let error = Embedded::start(there).await.expect_err("a refusal");
    assert!(matches!(error, EmbeddedError::NotInDirectory { .. }), "{error}");
}

#[tokio::test]
async fn data_of_another_major_version_names_both() {
    let dir = watched_dir("version");
    Embedded::start(options(&dir)).await.expect("it works").stop().await.expect("it works");
    fs::write(dir.join("postgres/PG_VERSION"), "14\n").expect("it works");
    let error = Embedded::start(options(&dir)).await.expect_err("a refusal");
    assert!(matches!(error, EmbeddedError::WrongVersion { wanted: 14, .. }), "{error}");
}

#[tokio::test]
async fn a_bad_setting_shows_what_postgresql_said() {
    let dir = watched_dir("bad");
    Embedded::start(options(&dir)).await.expect("it works").stop().await.expect("it works");
    let bad = Options { settings: vec![("max_connections".into(), "none".into())], ..options(&dir) };
    let error = Embedded::start(bad).await.expect_err("a refusal");
    assert!(matches!(error, EmbeddedError::Exited { .. }) && error.to_string().contains("max_connections"), "{error}");
}
