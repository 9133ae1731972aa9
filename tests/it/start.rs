//! Starts on a database that is not available yet, or that can never be used.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use portcullis::db::embedded::Embedded;
use rustix::process::{Signal, geteuid};
use tokio::task::JoinHandle;

use crate::support::app::SECRET;
use crate::support::cluster::{options, watched_dir};
use crate::support::database::{TestDatabase, connect};
use crate::support::process::{Server, postmaster, run, shell, signal};
use crate::support::until;

/// The log message about waiting.
const WAITING: &str = "waiting for the database";

fn environment(url: &str) -> [(&str, &str); 3] {
    [("DATABASE_URL", url), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")]
}

/// Runs a command to its end.
async fn ran(arguments: &'static [&'static str], url: &str, wait: &str) -> (ExitStatus, String, String) {
    let (url, wait) = (url.to_owned(), wait.to_owned());
    let run = move || {
        let environment = [&environment(&url)[..], &[("PORTCULLIS_DATABASE_WAIT", wait.as_str())]].concat();
        run(arguments, &environment)
    };
    tokio::task::spawn_blocking(run).await.expect("an end")
}

/// A server that starts, and writes its log into this file.
fn starting(url: &str, log: &Path) -> JoinHandle<Server> {
    let (url, log) = (url.to_owned(), log.display().to_string());
    tokio::task::spawn_blocking(move || {
        Server::limited("exec 2>\"$LOG\"", &[&environment(&url)[..], &[("LOG", log.as_str())]].concat())
    })
}

/// The same of a command, until its end. Returns the status and standard output.
fn commanded(arguments: &str, url: &str, log: &Path) -> JoinHandle<(ExitStatus, String)> {
    let (script, url, log) = (format!("exec \"$0\" {arguments} 2>\"$LOG\""), url.to_owned(), log.display().to_string());
    tokio::task::spawn_blocking(move || {
        let environment = [&environment(&url)[..], &[("LOG", log.as_str())]].concat();
        let output = shell(&script, &environment).output().expect("an end");
        (output.status, String::from_utf8(output.stdout).expect("UTF-8"))
    })
}

fn said(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

async fn waits(log: &Path) {
    until("it waits for the database", async || said(log).contains(WAITING)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_starts_after_the_server_is_waited_for() {
    let dir = watched_dir("late");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let url = database.url().to_owned();
    database.stop().await.expect("a stop");
    // There is no socket.
    let (log, log_of_command) = (dir.join("server.log"), dir.join("command.log"));
    let (server, command) = (starting(&url, &log), commanded("migrate", &url, &log_of_command));
    waits(&log).await;
    waits(&log_of_command).await;
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    assert_eq!(database.url(), url);
    let (status, out) = command.await.expect("a command");
    let errors = said(&log_of_command);
    assert!(status.success(), "{out}{errors}");
    assert_eq!(errors.matches(WAITING).count(), 1, "{errors}");
    let server = server.await.expect("a server");

    // It shuts down (57P03) as long as somebody is connected; then it is gone, then back.
    let guest = connect(&url).await;
    server.stop();
    signal(postmaster(&dir).expect("a database"), Signal::TERM);
    until("it shuts down", async || tokio_postgres::connect(&url, tokio_postgres::NoTls).await.is_err()).await;
    let (log, log_of_command) = (dir.join("server-again.log"), dir.join("command-again.log"));
    let (server, command) = (starting(&url, &log), commanded("keys list", &url, &log_of_command));
    waits(&log).await;
    waits(&log_of_command).await;
    drop(guest);
    database.stop().await.expect("a stop of what stops");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let (status, out) = command.await.expect("a command");
    let errors = said(&log_of_command);
    assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
    assert!(errors.contains("shutting down"), "{errors}");
    server.await.expect("a server").stop();
    let log = said(&log);
    assert_eq!(log.matches(WAITING).count(), 1, "{log}");
    database.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_never_comes_is_not_waited_for_longer_than_is_set() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    for url in [
        format!("postgres://ada:hunter2@127.0.0.1:{}/auth", free.port()),
        "postgres://ada:hunter2@no-such-host.invalid/auth".to_owned(),
        "postgres://ada:hunter2@%2Fno%2Fsuch%2Fsocket/auth".to_owned(),
    ] {
        for arguments in [&["serve"][..], &["migrate"], &["accounts", "disable", "ada@example.com"]] {
            let begin = Stopwatch::start();
            let (status, _, errors) = ran(arguments, &url, "1s").await;
            assert!(!status.success() && begin.elapsed() >= Duration::from_millis(700), "{errors}");
            assert_eq!(errors.matches(WAITING).count(), 1, "{errors}");
            assert!(errors.contains("can't be used") && !errors.contains("hunter2"), "{errors}");
        }
        let (_, _, errors) = ran(&["migrate"], &url, "0s").await;
        assert!(!errors.contains(WAITING), "{errors}");
    }
}

/// A try that gets no answer ends when the wait does.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_nothing_is_not_waited_for_longer_than_is_set() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let url = format!("postgres://ada:hunter2@127.0.0.1:{port}/auth?sslmode=disable&connect_timeout=4");
    let begin = Stopwatch::start();
    let (status, _, errors) = ran(&["migrate"], &url, "4s").await;
    assert!(!status.success() && errors.contains("did not answer"), "{errors}");
    assert!(begin.elapsed() < Duration::from_secs(7), "{:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waiting_can_not_mend_fails_at_once() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let (role, url) = (database.role().to_owned(), database.url.clone());
    let owner = format!("CREATE DATABASE closed_to_{role}; REVOKE CONNECT ON DATABASE closed_to_{role} FROM PUBLIC");
    for statement in owner.split("; ") {
        database.operator.batch_execute(statement).await.expect("a database");
    }
    database.operator.batch_execute(&format!("CREATE ROLE {role}_out NOLOGIN PASSWORD 'x'")).await.expect("a role");
    let at = |role: &str, password: &str| {
        let (_, address) = url.split_once('@').expect("an address");
        format!("postgres://{role}:{password}@{address}")
    };
    for (url, said) in [
        (at(&role, "wrong"), "password authentication failed"),
        (at("no_such_role", "wrong"), "password authentication failed"),
        (at(&format!("{role}_out"), "x"), "not permitted to log in"),
        (url.replace("/portcullis?", "/no_such_database?"), "does not exist"),
        (url.replace("/portcullis?", &format!("/closed_to_{role}?")), "permission denied"),
        (url.replace("search_path", "no_such_setting"), "unrecognized configuration parameter"),
    ] {
        let begin = Stopwatch::start();
        let (status, _, errors) = ran(&["serve"], &url, "30s").await;
        assert!(!status.success() && errors.contains(said), "{errors}");
        assert!(!errors.contains(WAITING) && begin.elapsed() < Duration::from_secs(15), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_encoding_is_refused_and_left_as_it_is() {
    let database = TestDatabase::new().await;
    let (server, _) = database.url.split_once("/portcullis?").expect("a database");
    for encoding in ["SQL_ASCII", "LATIN1", "WIN1252", "EUC_JP"] {
        let name = format!("in_{}", encoding.to_lowercase());
        let make = format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        database.operator.batch_execute(&make).await.expect("a database");
        let url = format!("{server}/{name}");
        for arguments in [&["serve"][..], &["migrate"], &["keys", "list"]] {
            let (status, _, errors) = ran(arguments, &url, "30s").await;
            assert!(!status.success() && errors.contains(&format!("has the encoding {encoding}")), "{errors}");
            assert!(errors.contains("ENCODING 'UTF8'") && errors.contains("TEMPLATE template0"), "{errors}");
        }
        let there = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        assert_eq!(connect(&url).await.query_one(there, &[]).await.expect("a row").get::<_, i64>(0), 0);
    }
    // The statement in the message makes a database that works.
    let make = "CREATE DATABASE \"in_UTF8\" OWNER portcullis ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0";
    database.operator.batch_execute(make).await.expect("a database");
    let (status, out, errors) = ran(&["migrate"], &format!("{server}/in_UTF8"), "30s").await;
    assert!(status.success(), "{out}{errors}");
}

/// Hands a path to another user. Works for root only.
fn give(path: &Path, user: u32) {
    std::os::unix::fs::chown(path, Some(user), Some(user)).expect("an owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_of_another_owner_is_said_plainly() {
    if !geteuid().is_root() {
        return;
    }
    let dir = watched_dir("owner");
    Embedded::start(options(&dir)).await.expect("PostgreSQL").stop().await.expect("a stop");
    let cluster = dir.join("postgres");
    let (owner, me) = (std::fs::metadata(&cluster).expect("a cluster").uid(), 0);
    // As after cp -r, chown -R, or a run as another user.
    for (path, user) in [(dir.clone(), 65534), (cluster.clone(), me), (cluster.join("PG_VERSION"), me)] {
        let before = std::fs::metadata(&path).expect("it").uid();
        give(&path, user);
        let data_dir = dir.to_str().expect("UTF-8").to_owned();
        for arguments in [&["serve"][..], &["keys", "list"]] {
            let environment = [("PORTCULLIS_DATA_DIR", data_dir.as_str())];
            let (status, _, errors) = run(arguments, &environment);
            let said = ["belongs to user", path.to_str().expect("UTF-8"), "PORTCULLIS_DATA_DIR"];
            assert!(!status.success() && said.iter().all(|part| errors.contains(part)), "{path:?}: {errors}");
        }
        give(&path, before);
    }
    assert_ne!(owner, me);
    // A plain user on root's directory.
    let nobody = |arguments: &[&str]| {
        use std::os::unix::process::CommandExt;
        let mut command = crate::support::process::command(&[("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))]);
        command.args(arguments).current_dir("/").uid(65534).gid(65534);
        let output = command.output().expect("the binary runs");
        (output.status, String::from_utf8(output.stderr).expect("UTF-8"))
    };
    for mode in [0o711, 0o700] {
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(mode)).expect("a mode");
        for arguments in [&["serve"][..], &["keys", "list"]] {
            let (status, errors) = nobody(arguments);
            let said = ["belongs to user root", "runs as user nobody", "run it as root", "PORTCULLIS_DATA_DIR"];
            assert!(!status.success() && said.iter().all(|part| errors.contains(part)), "{errors}");
        }
    }
}
