//! What limits refuse.

use std::io::Read;
use std::net::TcpStream;

use futures_util::future::join_all;

use super::Measured;
use crate::support::PASSWORD;

async fn refused(server: &Measured, limit: &str) -> Option<f64> {
    server.value(&format!("portcullis_limit_refusals_total{{limit=\"{limit}\"}}")).await
}

async fn all(server: &Measured) -> f64 {
    let lines = server.scrape().await;
    let counts =
        lines.lines().filter_map(|line| line.strip_prefix("portcullis_limit_refusals_total{")?.split_once(' '));
    counts.map(|(_, count)| count.parse::<f64>().expect("a number")).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_counts_once_by_the_limit_that_refused_it() {
    let flags = ["--rate-limits=on", "--limit-login=2/1h", "--limit-refresh=1/1h", "--limit-register=1/1h"];
    let server = Measured::with(&flags).await;
    for limit in ["login", "login/address", "refresh", "register", "totp", "mail/recipient", "requests", "connections"]
    {
        assert_eq!(refused(&server, limit).await, Some(0.0), "{limit} is there before it refuses anything");
    }
    let anonymous = server.app.anonymous();
    let ada = server.app.registered("ada@example.com").await;
    for _ in 0..5 {
        anonymous.try_login("ada@example.com", "wrong").await;
    }
    anonymous.try_login("ada@example.com", PASSWORD).await;
    anonymous.try_register(serde_json::json!({ "email": "eve@example.com", "password": PASSWORD })).await;
    let refreshed = ada.refresh().await;
    anonymous.try_refresh(refreshed.refresh_token()).await;
    for (limit, times) in [("login", 4.0), ("register", 1.0), ("refresh", 1.0)] {
        assert_eq!(refused(&server, limit).await, Some(times), "{limit}: {}", server.scrape().await);
    }
    assert_eq!(all(&server).await, 6.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_wait_for_others_and_succeed_were_not_refused() {
    let server = Measured::with(&["--rate-limits=on", "--limit-login=2/1h", "--hashing-threads=1"]).await;
    server.app.registered("ada@example.com").await;
    let logins = (0..6).map(|_| async { server.app.anonymous().try_login("ada@example.com", PASSWORD).await });
    for answer in join_all(logins).await {
        assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "{answer}");
    }
    assert_eq!(all(&server).await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_in_memory_count_as_well() {
    let server = Measured::with(&["--rate-limits=on", "--limit-attempts=3/1h"]).await;
    for _ in 0..5 {
        server.app.anonymous().try_login("ada@example.com", "wrong").await;
    }
    assert_eq!(refused(&server, "attempts").await, Some(2.0));
    let server = Measured::with(&["--rate-limits=on", "--limit-requests=3/1h"]).await;
    for _ in 0..5 {
        server.app.anonymous().try_login("ada@example.com", "wrong").await;
    }
    assert_eq!(refused(&server, "requests").await, Some(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_refused_count() {
    let server = Measured::with(&["--max-connections-per-network=3"]).await;
    let open = || TcpStream::connect(server.app.address).expect("a connection");
    let kept = [open(), open(), open()];
    let mut refused_one = open();
    let mut answer = String::new();
    refused_one.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert_eq!(refused(&server, "connections/network").await, Some(1.0));
    drop(kept);
}
