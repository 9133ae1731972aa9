//! A process that may open few files. Each connection is one.
#![cfg(target_os = "linux")]

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::raw::{Raw, TYPENAME, post};
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_files_waits_for_some_and_says_so_once() {
    let database = TestDatabase::new().await;
    let patient = ("PORTCULLIS_HEADER_TIMEOUT", "1m");
    let server = Server::start(&[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET), patient]);
    assert_eq!(server.client().send("{ __typename }", Value::Null).await["data"]["__typename"], "Query", "it serves");
    let files = format!("/proc/{}/fd", server.pid().as_raw_nonzero());
    let number = async || std::fs::read_dir(&files).expect("a process").count() as u64;
    let limit = Rlimit { current: Some(number().await + 5), ..getrlimit(Resource::Nofile) };
    prlimit(Some(server.pid()), Resource::Nofile, limit).expect("a limit");
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(Raw::connect(server.socket()).await);
    }
    // The system accepts the connection, but the server can't.
    let mut last = Raw::connect(server.socket()).await;
    last.send(&post(TYPENAME)).await;
    until("no file is left", async || Some(number().await) >= limit.current).await;
    drop(held);
    assert_eq!(last.answer().await.status, 200);
    let log = server.stop();
    assert_eq!(log.matches("connections can't be accepted").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_few_files_are_allowed_there_are_fewer_connections_and_the_operator_is_told() {
    let database = TestDatabase::new().await;
    let settings = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let server = Server::limited("ulimit -n 200", &settings);
    let mut held = Vec::new();
    let refused = loop {
        let mut raw = Raw::connect(server.socket()).await;
        raw.send(&post(TYPENAME)).await;
        match raw.answer().await.status {
            200 => held.push(raw),
            status => break status,
        }
    };
    assert_eq!((refused, held.len()), (503, 200 - 128 - 16), "what the server needs for itself is left");
    let ada = server.client();
    held.clear();
    until("a place is free", async || ada.http.get(&server.url).send().await.is_ok_and(|a| a.status() != 503)).await;
    ada.register("ada@example.com").await;
    let log = server.stop();
    assert_eq!(log.matches("PORTCULLIS_MAX_CONNECTIONS").count(), 2, "at the start and at the refusal: {log}");
    assert!(!log.contains("can't be accepted"), "{log}");
}
