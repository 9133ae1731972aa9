//! The log on its way to standard error, which may be slow, full, or read by nobody.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, command, shell};
use crate::support::{Client, until};

/// More than what waits, what is being written, and what a pipe holds.
const TOO_MUCH: usize = 5 * 1024 * 1024 / 2;

/// At least so long is the line of a request with the longest id and the longest name of an operation.
const LINE: usize = 300;

/// Sends requests until their lines have so many bytes. All of them are answered.
async fn log_much(client: &Client, bytes: usize) {
    const AT_ONCE: usize = 8;
    let id = "x".repeat(128);
    let body = json!({ "query": format!("query {} {{ __typename }}", "o".repeat(64)) }).to_string();
    join_all((0..AT_ONCE).map(async |_| {
        for _ in 0..bytes / LINE / AT_ONCE {
            let answer = client.post(body.clone()).header("x-request-id", &id).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
        }
    }))
    .await;
}

/// A server whose standard error goes into `errors`, and a client of it.
fn server(database: &TestDatabase, errors: &str) -> (Child, Client) {
    let environment = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let mut command = match errors {
        "" => command(&environment),
        path => shell(&format!("exec \"$0\" 2>{path}"), &environment),
    };
    let more = [("PORTCULLIS_RATE_LIMITS", "off"), ("PORTCULLIS_KEEP_ALIVE_REQUESTS", "1000000")];
    let mut child = command.envs(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.as_mut().expect("standard output")).lines().map_while(Result::ok);
    let greeting = lines.find(|line| line.contains("/graphql")).expect("an address");
    let url = greeting.split_whitespace().last().expect("an address").to_owned();
    (child, Client::new(url))
}

fn stop(child: &Child) {
    kill_process(Pid::from_child(child), Signal::TERM).expect("a signal");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_last_moment_are_written_before_the_end() {
    let database = TestDatabase::new().await;
    for _ in 0..5 {
        let server = Server::start(&[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET)]);
        let client = server.client();
        let ids: Vec<_> = (0..20).map(|number| format!("last-{number}")).collect();
        for id in &ids {
            let body = json!({ "query": "{ __typename }" }).to_string();
            client.post(body).header("x-request-id", id).send().await.expect("an answer");
        }
        let log = server.stop();
        for id in ids {
            assert!(log.contains(&format!("id=\"{id}\"")), "{id}: {log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_log_that_is_not_read_and_it_says_what_it_lacks() {
    let database = TestDatabase::new().await;
    let (mut child, client) = server(&database, "");
    log_much(&client, TOO_MUCH).await;
    let errors = BufReader::new(child.stderr.take().expect("standard error"));
    let read = Arc::new(Mutex::new(Vec::new()));
    let kept = read.clone();
    let reading = std::thread::spawn(move || {
        errors.lines().map_while(Result::ok).for_each(|line| kept.lock().expect("a lock").push(line));
    });
    let says = |line: &String| line.contains("lines of the log could not be written");
    until("it says what it lacks", async || read.lock().expect("a lock").iter().any(says)).await;
    stop(&child);
    assert!(child.wait().expect("an end").success());
    reading.join().expect("a log");
    let log = read.lock().expect("a lock").join("\n");
    let lost = log.lines().find(|line| line.contains("lines of the log could not be written"));
    let lost = lost.and_then(|line| line.split_once("lost=")).map(|(_, number)| number.trim().parse::<usize>());
    let lost = lost.expect("a line that says it").expect("a number");
    let written = log.lines().filter(|line| line.contains("route=")).count();
    assert!(lost > 0 && written > 0, "{lost} and {written}");
    assert!(lost + written >= TOO_MUCH / LINE / 8 * 8, "{lost} and {written}: what is not there is counted");
    assert!(log.lines().all(|line| line.starts_with("20")), "a line is torn");
    assert!(log.contains("requests in flight may finish"), "what came later is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_and_a_pipe_that_nobody_reads_keep_no_server_from_answering_and_stopping() {
    let database = TestDatabase::new().await;
    // Nobody reads standard output after the greeting.
    for errors in ["/dev/full", "&1"] {
        let (mut child, client) = server(&database, errors);
        log_much(&client, 256 * 1024).await;
        stop(&child);
        assert!(child.wait().expect("an end").success(), "{errors}");
    }
}
