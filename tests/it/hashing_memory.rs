//! The memory that hashing passwords takes.

use std::fs;

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::{PASSWORD, until};

/// What a process has in memory, in KiB.
fn resident(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_given_back_when_nobody_signs_in_any_more() {
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
    futures_util::future::join_all((0..8).map(|_| client.try_login("ada@example.com", PASSWORD))).await;
    let busy = resident(&server);
    until("the memory of all threads is given back", async || {
        busy.saturating_sub(resident(&server)) > memory * threads - 4 * 1024
    })
    .await;
    client.login("ada@example.com").await;
    server.stop();
}
