//! Where metrics are served, and where not.

use super::{Measured, address};
use crate::support::TestApp;
use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, run};
use crate::support::raw::Raw;

#[tokio::test(flavor = "multi_thread")]
async fn the_public_port_has_none() {
    let app = TestApp::with(&["--metrics-listen=127.0.0.1:0"]).await;
    let anonymous = app.anonymous();
    let answer = anonymous.http.get(anonymous.url.replace("/graphql", "/metrics")).send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_serves_them_on_a_port_of_its_own_and_nothing_else_there() {
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let server = Server::start(&environment);
    let address = address(&server).await;
    let http = server.client().http;
    let ask = async |path: &str| http.get(format!("http://{address}{path}")).send().await.expect("an answer");
    let text = ask("/metrics").await.text().await.expect("a text");
    assert!(text.contains("portcullis_build_info{version="), "{text}");
    for path in ["/graphql", "/", "/health/live", "/.well-known/jwks.json"] {
        assert_eq!(ask(path).await.status(), 404, "{path}");
    }
    assert_eq!(http.post(format!("http://{address}/metrics")).send().await.expect("an answer").status(), 405);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_few_connections_whatever_clients_may_have() {
    let server = Measured::with(&[]).await;
    let address = server.url.trim_start_matches("http://").trim_end_matches("/metrics");
    let address = address.parse().expect("an address");
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut connection = Raw::connect(address).await;
        connection.send("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert_eq!(connection.answer().await.status, 200);
        open.push(connection);
    }
    let refused = Raw::connect(address).await.end().await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    open[0].send("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let text = open[0].answer().await.text();
    assert!(
        text.contains("portcullis_limit_refusals_total{limit=\"connections\"} 0\n"),
        "no client was refused: {text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_by_its_setting() {
    let database = TestDatabase::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_LISTEN", "127.0.0.1:0"),
        ("PORTCULLIS_METRICS_LISTEN", &address),
    ];
    let (status, _, errors) = run(&["serve"], &environment);
    assert!(!status.success() && errors.contains("PORTCULLIS_METRICS_LISTEN names another address"), "{errors}");
}
