//! The built binary from end to end: first start, second start, signals, a violent end.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::Signal;

use portcullis::db::embedded::Embedded;

use crate::support::app::SECRET;
use crate::support::cluster::{options, watched_dir};
use crate::support::database::connect;
use crate::support::process::{Server, command, postmaster, run, runs, signal};
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_everything_and_the_second_finds_it() {
    let dir = watched_dir("process");
    let server = Server::private(&dir);
    assert!(server.greeting.contains(&format!("GraphiQL  {}/", server.url)), "{}", server.greeting);
    assert!(server.greeting.contains(dir.to_str().expect("UTF-8")), "{}", server.greeting);
    let database = postmaster(&dir).expect("a database");
    let ada = server.client().register("ada@example.com").await;
    let errors = server.stop();
    assert!(!runs(database), "{errors}");

    let secret = fs::metadata(dir.join("secret")).expect("a secret");
    assert_eq!(secret.mode() & 0o777, 0o600);
    assert!(secret.len() >= 32);

    let server = Server::private(&dir);
    let again = server.client().with_token(ada.access_token());
    assert_eq!(again.is_signed_in().await, Ok(()), "the token of before");
    server.client().login("ada@example.com").await;
    assert!(again.logout().await);
    assert_eq!(again.is_signed_in().await, Err("SESSION_REVOKED".into()));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_server_then_the_database() {
    let dir = watched_dir("process");
    let mut server = Server::private(&dir);
    let database = postmaster(&dir).expect("a database");
    server.signal(Signal::INT);
    let (status, errors) = server.wait();
    assert!(status.success(), "{errors}");
    assert!(!runs(database), "{errors}");
    assert!(!errors.contains("WARN"), "nothing is missed at a stop: {errors}");
    assert!(!dir.join("postgres/postmaster.pid").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_blocks_nothing_and_loses_nothing() {
    let dir = watched_dir("process");
    let mut server = Server::private(&dir);
    let ada = server.client().register("ada@example.com").await;
    let database = postmaster(&dir).expect("a database");
    server.kill();
    assert!(runs(database), "the database outlives its killed server");

    let server = Server::private(&dir);
    assert_eq!(server.client().with_token(ada.access_token()).is_signed_in().await, Ok(()));
    let errors = server.stop();
    assert!(!runs(database), "{errors}");
    assert_eq!(postmaster(&dir), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_private_database_dies_ends_with_an_error_and_starts_again() {
    let dir = watched_dir("process");
    let mut server = Server::private(&dir);
    let ada = server.client().register("ada@example.com").await;
    signal(postmaster(&dir).expect("a database"), Signal::KILL);
    let (status, errors) = server.wait();
    assert!(!status.success() && errors.contains("PostgreSQL ended by itself"), "{errors}");
    let server = Server::private(&dir);
    assert_eq!(server.client().with_token(ada.access_token()).is_signed_in().await, Ok(()));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_data_directory_are_refused() {
    let dir = watched_dir("process");
    let server = Server::private(&dir);
    let data_dir = dir.to_str().expect("UTF-8");
    let (status, _, errors) = run(&[], &[("PORTCULLIS_DATA_DIR", data_dir), ("PORTCULLIS_LISTEN", "127.0.0.1:0")]);
    assert!(!status.success() && errors.contains(data_dir), "{errors}");
    server.client().register("ada@example.com").await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_a_server_uses_its_database_and_leaves_it_running() {
    let short = watched_dir("process");
    // Where the path is too long for a socket, PostgreSQL has a port.
    let long = watched_dir("process").join("d".repeat(90));
    for dir in [short, long] {
        let server = Server::private(&dir);
        let database = postmaster(&dir).expect("a database");
        let ada = server.client().register("ada@example.com").await;
        let data_dir = ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"));
        let (status, out, errors) = run(&["migrate"], &[data_dir]);
        assert!(status.success() && out.contains("The database is up to date."), "{out}{errors}");
        let (status, out, errors) = run(&["keys", "list"], &[data_dir]);
        assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
        assert_eq!(postmaster(&dir), Some(database));
        assert!(runs(database), "{errors}");
        assert_eq!(ada.is_signed_in().await, Ok(()));

        let (status, _, errors) = run(&["serve"], &[data_dir, ("PORTCULLIS_LISTEN", "127.0.0.1:0")]);
        assert!(!status.success() && errors.contains("another server"), "{errors}");
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_after_a_killed_server_starts_a_database_of_its_own() {
    let dir = watched_dir("process");
    let mut server = Server::private(&dir);
    let left = postmaster(&dir).expect("a database");
    server.kill();
    let (status, out, errors) = run(&["migrate"], &[("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))]);
    assert!(status.success() && out.contains("The database is up to date."), "{out}{errors}");
    assert!(!runs(left) && postmaster(&dir).is_none(), "{errors}");
}

#[test]
fn migrate_brings_a_database_up_to_date_and_says_what_it_did() {
    let dir = watched_dir("process");
    let data_dir = dir.to_str().expect("UTF-8");
    let (status, first, errors) = run(&["migrate"], &[("PORTCULLIS_DATA_DIR", data_dir)]);
    assert!(status.success() && first.lines().count() == crate::support::migrations(), "{first}{errors}");
    let (status, second, errors) = run(&["migrate"], &[("PORTCULLIS_DATA_DIR", data_dir)]);
    assert!(status.success() && second.contains("up to date"), "{second}{errors}");
    assert_eq!(postmaster(&dir), None);
}

#[test]
fn schema_prints_the_schema_and_needs_no_database() {
    let (status, schema, errors) = run(&["schema"], &[("DATABASE_URL", "nonsense")]);
    assert!(status.success(), "{errors}");
    assert_eq!(schema, portcullis::graphql::sdl());
}

/// The number of connections that asked for the lock of migrations last. They ask again and again.
const ASKS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_heard_while_another_instance_migrates() {
    let dir = watched_dir("signal");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let operator = connect(database.url()).await;
    // The lock of migrations.
    operator.batch_execute(&format!("SELECT pg_advisory_lock({})", 0x706f_7274_6375_6c6c_i64)).await.expect("a lock");
    for arguments in [&["serve"], &["migrate"]] {
        let environment =
            [("DATABASE_URL", database.url()), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_LISTEN", "127.0.0.1:0")];
        let mut child = command(&environment).args(arguments).spawn().expect("the binary runs");
        let waiting = async || operator.query_one(ASKS, &[]).await.expect("a row").get::<_, i64>(0) > 0;
        until("it waits for the lock", waiting).await;
        signal(i32::try_from(child.id()).expect("a pid"), Signal::TERM);
        let mut ended = async || child.try_wait().expect("a status").is_some();
        until("it ends", &mut ended).await;
        let status = child.wait().expect("a status");
        assert_eq!(status.success(), arguments[0] == "serve", "a migration that was not made is no success");
    }
    database.stop().await.expect("a stop");
}
