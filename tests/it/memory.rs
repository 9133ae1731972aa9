//! The memory that the server takes, and gives back.

use std::fs;

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::raw::{Raw, TYPENAME};
use crate::support::{PASSWORD, until};

/// What the kernel says of a process's memory by this name, in KiB.
fn told(server: &Server, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// What a process has in memory, in KiB.
fn resident(server: &Server) -> usize {
    told(server, "VmRSS")
}

#[tokio::test(flavor = "multi_thread")]
async fn that_of_hashing_is_given_back_when_nobody_signs_in_any_more() {
    let database = TestDatabase::new().await;
    // What the C library may keep for itself is smaller than 32 MiB.
    let (memory, threads) = (30 * 1024, 2);
    let server = Server::start(&[
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", &memory.to_string()),
        ("PORTCULLIS_HASHING_THREADS", &threads.to_string()),
    ]);
    let client = server.client();
    client.register("ada@example.com").await;
    let quiet = resident(&server);
    until("all threads have hashed", async || {
        futures_util::future::join_all((0..8).map(|_| client.try_login("ada@example.com", PASSWORD))).await;
        resident(&server).saturating_sub(quiet) > memory * (threads - 1) - 4 * 1024
    })
    .await;
    let busy = resident(&server);
    until("the memory of all threads is given back", async || {
        busy.saturating_sub(resident(&server)) > memory * threads - 4 * 1024
    })
    .await;
    client.login("ada@example.com").await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_byte_by_byte_takes_little_more_than_its_bytes() {
    let database = TestDatabase::new().await;
    let server = Server::start(&[
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_HEADER_TIMEOUT", "1m"),
        ("PORTCULLIS_BODY_TIMEOUT", "10m"),
    ]);
    let before = resident(&server);
    let (clients, length) = (16, 20_000);
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: it\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut raws = Vec::new();
    for _ in 0..clients {
        let mut raw = Raw::connect(server.socket()).await;
        raw.stream.set_nodelay(true).expect("a socket");
        raw.send(&head).await;
        raws.push(raw);
    }
    // By turns, so that the server has read a client's byte before the next one comes.
    for _ in TYPENAME.len()..length {
        for raw in &mut raws {
            raw.send(" ").await;
        }
    }
    for raw in &mut raws {
        raw.send(TYPENAME).await;
        assert_eq!(raw.answer().await.status, 200);
    }
    // With a buffer of 8 KiB for each byte it would be 2.4 GiB, if the server read each by itself.
    let grown = told(&server, "VmHWM") - before;
    assert!(grown < 24 * 1024, "{grown} KiB");
    server.stop();
}
