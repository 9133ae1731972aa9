//! Signals. Those that stop the process stop server and database in order, whenever they come. The others change
//! nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::{BLOCKED, TestDatabase};
use crate::support::process::{Server, command, postmaster, runs, shell, signal};
use crate::support::{PASSWORD, until};

const END: [Signal; 6] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::POWER, Signal::XCPU];

/// Each of these would end a process that does not handle it.
const IGNORED: [Signal; 8] =
    [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF, Signal::IO, Signal::PIPE, Signal::XFSZ];

fn id(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("a pid")
}

/// Whether no process works in the directory any more.
fn is_left_alone(dir: &Path) -> bool {
    let mut processes = std::fs::read_dir("/proc").expect("processes").flatten();
    !processes.any(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir)))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_that_means_an_end_stops_the_server_then_the_database() {
    let dir = watched_dir("signals");
    for ending in END {
        let mut server = Server::private(&dir);
        let database = postmaster(&dir).expect("a database");
        server.signal(ending);
        let (status, errors) = server.wait();
        assert!(status.success() && errors.contains("requests in flight may finish"), "{ending:?}: {status} {errors}");
        assert!(!runs(database) && postmaster(&dir).is_none(), "{ending:?}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_signals_change_nothing() {
    let server = Server::private(&watched_dir("signals"));
    for ignored in IGNORED {
        server.signal(ignored);
    }
    let pid = server.pid().as_raw_pid();
    for real_time in ["RTMIN", "RTMIN+3", "RTMAX"] {
        let sent = Command::new("bash").args(["-c", &format!("kill -{real_time} {pid}")]).status();
        assert!(sent.expect("a shell").success());
    }
    server.client().register("ada@example.com").await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_the_first_start_leaves_nothing_running() {
    /// What the start has to have done before the signal comes.
    type Stage = fn(&Path) -> bool;
    let begun: Stage = |dir| dir.join("lock").exists();
    let initialised: Stage = |dir| dir.join("postgres").exists();
    let started: Stage = |dir| postmaster(dir).is_some();
    for arguments in [["serve"], ["migrate"]] {
        for stage in [begun, initialised, started] {
            for ending in [Signal::HUP, Signal::QUIT] {
                let dir = watched_dir("signals");
                let environment = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))];
                let mut child = command(&environment).args(arguments).stdout(Stdio::null()).spawn().expect("it runs");
                until("it is there", async || stage(&dir)).await;
                signal(id(&child), Signal::USR1);
                signal(id(&child), ending);
                let mut status = None;
                until("it ends", async || {
                    status = child.try_wait().expect("a status");
                    status.is_some()
                })
                .await;
                assert!(status.is_some_and(|status| status.code().is_some()), "{arguments:?} {ending:?}: {status:?}");
                until("nothing runs", async || is_left_alone(&dir)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_that_is_ignored_from_the_start_stays_ignored() {
    let dir = watched_dir("signals");
    let data_dir = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")), ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")];
    // As nohup starts it.
    let server = Server::limited("trap '' HUP", &data_dir);
    server.signal(Signal::HUP);
    server.client().register("ada@example.com").await;
    let errors = server.stop();
    assert_eq!(errors.matches("requests in flight may finish").count(), 1, "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_terminal_is_closed_stops_in_order() {
    let dir = watched_dir("signals");
    let data_dir = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))];
    // script(1) holds the other end of the terminal.
    let mut terminal = shell("exec script -qec \"$0\" /dev/null", &data_dir);
    let mut terminal = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a terminal");
    let said = BufReader::new(terminal.stdout.take().expect("standard output"));
    let mut lines = said.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Ctrl-C")), "it is ready");
    let database = postmaster(&dir).expect("a database");
    let status = std::fs::read_to_string(format!("/proc/{database}/status")).expect("a process");
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("a parent");
    let server: i32 = parent.trim().parse().expect("a pid");
    terminal.kill().expect("the terminal closes");
    terminal.wait().expect("an end");
    until("the server ends", async || !runs(server)).await;
    assert!(!runs(database) && postmaster(&dir).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_not_write_its_log_goes_on_and_stops_in_order() {
    let dir = watched_dir("signals");
    let data_dir = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")), ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")];
    let mut server = Server::limited("exec 2>/dev/full", &data_dir);
    let database = postmaster(&dir).expect("a database");
    let ada = server.client().register("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    server.signal(Signal::TERM);
    let (status, _) = server.wait();
    assert!(status.success() && !runs(database), "{status}");
}

/// A server with a request in flight, which waits for what `database` holds.
async fn busy(database: &TestDatabase) -> (Server, JoinHandle<reqwest::Result<StatusCode>>) {
    let server = Server::start(&[
        ("DATABASE_URL", &database.url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_DATABASE_TIMEOUT", "1m"),
        ("PORTCULLIS_REQUEST_TIMEOUT", "10m"),
        ("PORTCULLIS_SHUTDOWN_GRACE", "10m"),
    ]);
    database.operator.batch_execute("BEGIN; LOCK TABLE accounts").await.expect("a lock");
    let client = server.client();
    let request = tokio::spawn(async move {
        let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
        let variables = json!({ "i": { "identifier": "ada", "password": PASSWORD } });
        let body = json!({ "query": query, "variables": variables }).to_string();
        client.post(body).send().await.map(|answer| answer.status())
    });
    let waits = async || {
        // Within a transaction it shows what was there at first.
        database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        // Background tasks of the server may wait as well.
        database.count(&format!("{BLOCKED} AND query LIKE '%portcullis_take%'")).await > 0
    };
    until("the request waits", waits).await;
    (server, request)
}

/// Returns when the server has noticed that it has to stop.
async fn told(server: &Server) {
    let (http, ready) = (server.client().http, format!("{}/health/ready", server.url));
    let refused = async || match http.get(&ready).send().await {
        Ok(answer) => answer.status().as_u16() == 503 && answer.text().await.is_ok_and(|text| text == "stopping\n"),
        Err(_) => false,
    };
    until("the signal was heard", refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_hangs_up_twice_at_once_cuts_no_request_off() {
    for others in [[Signal::HUP, Signal::HUP], [Signal::TERM, Signal::HUP], [Signal::HUP, Signal::TERM]] {
        let database = TestDatabase::new().await;
        let (mut server, request) = busy(&database).await;
        server.signal(others[0]);
        server.signal(others[1]);
        told(&server).await;
        database.operator.batch_execute("ROLLBACK").await.expect("an end");
        assert!(request.await.expect("a task").is_ok_and(|status| status.is_success()), "{others:?}");
        let (status, errors) = server.wait();
        assert!(status.success() && !errors.contains("second signal"), "{others:?}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hang_up_does_not_wait_for_requests_in_flight() {
    let database = TestDatabase::new().await;
    let (mut server, request) = busy(&database).await;
    server.signal(Signal::HUP);
    told(&server).await;
    let pid = server.pid().as_raw_pid();
    until("a second one is heard", async || {
        server.signal(Signal::INT);
        !runs(pid)
    })
    .await;
    let (status, errors) = server.wait();
    assert!(status.success() && errors.contains("stopped at once by a second signal"), "{status}: {errors}");
    assert!(request.await.expect("a task").is_err());
}
