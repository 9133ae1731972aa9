//! What keeps the answers of the database away.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::Measured;
use crate::support::database::{BLOCKED, TestDatabase};
use crate::support::proxy::{Network, Proxy};
use crate::support::{TestApp, until};

const FLAGS: [&str; 3] = ["--database-timeout=1s", "--database-pool-size=1", "--session-cache=0"];
const LOCK: &str = "BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE";

/// How many uses of a connection failed, by cause.
async fn failures(server: &Measured) -> BTreeMap<String, u64> {
    let text = server.scrape().await;
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("portcullis_database_failures_total{cause=\"")?.split_once("\"} "));
    lines.map(|(cause, count)| (cause.to_owned(), count.parse().expect("a number"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_without_an_answer_and_callers_without_a_connection_count_apart() {
    let server = Measured::with(&FLAGS).await;
    let ada = server.app.registered("ada@example.com").await;
    let all = ["broken", "queue", "read_only", "timeout", "unconnected"];
    assert_eq!(failures(&server).await, all.map(|cause| (cause.to_owned(), 0)).into());
    server.app.database.operator.batch_execute(LOCK).await.expect("a lock");
    join_all((0..10).map(|_| ada.me())).await;
    let counts = failures(&server).await;
    assert_eq!(counts.values().sum::<u64>(), 10, "{counts:?}");
    assert!(counts["timeout"] > 0 && counts["queue"] > 0, "{counts:?}");
    server.app.database.operator.batch_execute("ROLLBACK").await.expect("a rollback");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_counts_and_so_does_one_that_can_not_be_opened() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let flags = ["--database-timeout=2s", "--database-pool-size=1", "--session-cache=0"];
    let server = Measured::of(
        TestApp::on(database, &url, &[&["--metrics-listen=127.0.0.1:0"], flags.as_slice()].concat()).await,
    )
    .await;
    let ada = server.app.registered("ada@example.com").await;
    let operator = &server.app.database.operator;
    operator.batch_execute(LOCK).await.expect("a lock");
    let ended = async {
        until("the statement waits", async || server.app.database.count(BLOCKED).await == 1).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
        operator.batch_execute(end).await.expect("an end");
    };
    tokio::join!(ada.me(), ended);
    operator.batch_execute("ROLLBACK").await.expect("a rollback");
    assert_eq!(failures(&server).await["broken"], 1);
    proxy.set(Network::Cut);
    ada.me().await;
    assert_eq!(failures(&server).await["unconnected"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_changes_counts() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let url = database.url.clone();
    let server = Measured::of(TestApp::on(database, &url, &["--metrics-listen=127.0.0.1:0"]).await).await;
    let role = server.app.database.role().to_owned();
    let set = format!("ALTER ROLE {role} SET default_transaction_read_only = on");
    server.app.database.operator.batch_execute(&set).await.expect("a setting");
    let end = format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'");
    server.app.database.count(&end).await;
    until("a new connection is refused changes", async || {
        server.app.anonymous().try_login("ada@example.com", "wrong").await;
        failures(&server).await["read_only"] == 1
    })
    .await;
}
