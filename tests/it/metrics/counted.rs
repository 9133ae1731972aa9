//! What happens is counted.

use serde_json::{Value, json};

use super::Measured;
use crate::support::PASSWORD;

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_a_root_field_counts_by_its_member_or_its_error() {
    let server = Measured::with(&[]).await;
    let ada = server.app.registered("ada@example.com").await;
    let anonymous = server.app.anonymous();
    for password in ["wrong", PASSWORD, "wrong as well"] {
        anonymous.try_login("ada@example.com", password).await;
    }
    // Nothing but the name of the type is asked for, under another name.
    let named = "mutation($i: LoginInput!) { a: login(input: $i) { kind: __typename } b: login(input: $i) { kind: __typename } }";
    let input = json!({ "i": { "identifier": "ada@example.com", "password": PASSWORD } });
    assert_eq!(anonymous.send(named, input).await["data"]["b"]["kind"], "LoginSuccess");
    ada.me().await;
    anonymous.me().await;
    anonymous.send("{ __typename }", Value::Null).await;
    let expected = [
        ("register", "RegisterSuccess", 1.0),
        ("login", "InvalidCredentials", 2.0),
        ("login", "LoginSuccess", 3.0),
        ("login", "OK", 0.0),
        ("me", "OK", 1.0),
        ("me", "UNAUTHENTICATED", 1.0),
    ];
    for (field, result, times) in expected {
        assert_eq!(server.results(field, result).await, times, "{field} {result}");
    }
    assert!(!server.scrape().await.contains("__typename"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_count_by_route_and_status_and_in_buckets_of_seconds() {
    let server = Measured::with(&[]).await;
    let url = server.app.anonymous().url.clone();
    let http = server.app.anonymous().http;
    for path in ["/graphql", "/.well-known/jwks.json", "/.well-known/jwks.json", "/unknown", "/other/unknown"] {
        let answer = http.get(url.replace("/graphql", path)).send().await.expect("an answer");
        answer.bytes().await.expect("a body");
    }
    let name = "portcullis_http_request_duration_seconds";
    for (route, status, times) in [("/graphql", 400, 1.0), ("/.well-known/jwks.json", 200, 2.0), ("unknown", 404, 2.0)]
    {
        let series = format!("{name}_count{{route=\"{route}\",status=\"{status}\"}}");
        assert_eq!(server.value(&series).await, Some(times), "{series}: {}", server.scrape().await);
        let all = format!("{name}_bucket{{route=\"{route}\",status=\"{status}\",le=\"+Inf\"}}");
        assert_eq!(server.value(&all).await, Some(times));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_tell_how_busy_they_are() {
    let server = Measured::with(&["--hashing-threads=1", "--hashing-queue=1"]).await;
    let ada = server.app.registered("ada@example.com").await;
    let before = server.value("portcullis_hashing_done_total").await;
    let login = async || server.app.anonymous().try_login("ada@example.com", PASSWORD).await;
    let answers = futures_util::future::join_all((0..20).map(|_| login())).await;
    let busy = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["code"] == "SERVER_BUSY").count();
    assert_eq!(server.value("portcullis_hashing_refused_total").await, Some(busy as f64));
    let done = server.value("portcullis_hashing_done_total").await.expect("a count") - before.expect("a count");
    assert_eq!(done as usize, 20 - busy);
    assert_eq!(server.value("portcullis_hashing_waiting").await, Some(0.0));
    let waits = server.value("portcullis_hashing_wait_seconds_count").await;
    assert_eq!(waits, server.value("portcullis_hashing_done_total").await);
    assert_eq!(server.results("login", "SERVER_BUSY").await, busy as f64);
    for _ in 0..3 {
        ada.me().await;
    }
    let (hits, misses) = ("portcullis_session_cache_hits_total", "portcullis_session_cache_misses_total");
    assert_eq!((server.value(hits).await, server.value(misses).await), (Some(2.0), Some(1.0)));
    assert_eq!(server.value("portcullis_feed_fresh").await, Some(1.0));
    assert!(server.value("portcullis_feed_age_seconds").await.is_some_and(|age| (0.0..60.0).contains(&age)));
    assert!(server.value("portcullis_database_connections").await.is_some_and(|open| open >= 1.0));
    assert_eq!(server.value("portcullis_database_connections_in_use").await, Some(0.0));
    assert_eq!(
        server.value("portcullis_database_connections_max").await,
        Some(server.app.app.config.database_pool_size as f64)
    );
    assert_eq!(server.value("portcullis_database_waiting").await, Some(0.0));
}
