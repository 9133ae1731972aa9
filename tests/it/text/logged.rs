//! Input can't break a line of the log, nor a terminal that shows it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;

/// A forged line, in both formats, with characters that move a terminal's cursor and change the direction of writing.
const FORGED: &str =
    "x\r\n2026-01-01T00:00:00.000000Z ERROR forged\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\0\"},\n{\"forged\":true";

/// Sends bytes that no HTTP library would send.
fn raw(server: &Server, head: &[u8], body: &str) -> String {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a bound");
    let length = format!("Host: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(&[head, length.as_bytes()].concat()).expect("a request");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Puts the text into everything that a client can send.
async fn provoke(server: &Server) {
    let client = server.client();
    let ada = client.register("ada@example.com").await;
    let login = "mutation Login($i: LoginInput!) { login(input: $i) { __typename } }";
    client.send(login, json!({ "i": { "identifier": FORGED, "password": FORGED } })).await;
    client.try_register(json!({ "email": FORGED, "username": FORGED, "password": FORGED })).await;
    client.try_refresh(FORGED).await;
    client.logout_with(FORGED).await;
    ada.send("query($a: String) { me { sessions(after: $a) { nodes { id } } } }", json!({ "a": FORGED })).await;
    ada.send("mutation($i: ID!) { revokeSession(input: { id: $i }) { __typename } }", json!({ "i": FORGED })).await;
    client.send(&format!("query {FORGED} {{ me {{ id }} }}"), Value::Null).await;
    client.send(&format!("# {FORGED}\n{{ __typename }}"), Value::Null).await;
    client.send("query($x: Int) { __typename }", json!({ "x": FORGED, FORGED: 1 })).await;
    let body = json!({ "query": "query A { __typename }", "operationName": FORGED }).to_string();
    client.post(body).send().await.expect("an answer");
    client.post(FORGED.to_owned()).send().await.expect("an answer");

    let body = json!({ "query": "query Named { __typename }" }).to_string();
    for value in [
        "\u{1b}[31mforged",
        "\u{9b}31mforged",
        "\u{202e}forged",
        "a\u{2028}forged",
        "x\nforged",
        "x\r forged",
        "x\0forged",
    ] {
        for header in ["User-Agent", "X-Request-Id", "Authorization", "Origin", "Cookie", "Accept", "X-Forwarded-For"] {
            let head = format!("POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\n{header}: {value}\r\n");
            assert!(raw(server, head.as_bytes(), &body).starts_with("HTTP/1.1 "), "{header}: {value:?}");
        }
        let head = format!("GET /{value} HTTP/1.1\r\n");
        raw(server, head.as_bytes(), "");
        raw(server, format!("{value} / HTTP/1.1\r\n").as_bytes(), "");
    }
    for path in ["/%0d%0aforged%1b%5b2J", "/graphql?x=%0aforged", "/%e2%80%ae"] {
        client.http.get(format!("{}{path}", server.url)).send().await.expect("an answer");
    }
}

/// If the forged text had begun a line of its own, there would be no escaped end of line in front of it.
fn has_nothing_but_text(line: &str) {
    let odd = line.chars().find(|c| c.is_control() || matches!(*c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    assert_eq!(odd, None, "{line:?}");
    assert!(!line.contains("forged") || line.contains("\\n") || line.contains("\\r"), "{line:?}");
}

async fn log(level: &str, format: &str) -> String {
    let database = TestDatabase::new().await;
    let server = Server::start(&[
        ("DATABASE_URL", &database.url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_COOKIES", "on"),
        ("PORTCULLIS_LOG", level),
        ("PORTCULLIS_LOG_FORMAT", format),
    ]);
    provoke(&server).await;
    server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_text_begins_with_its_time() {
    for level in ["info", "trace"] {
        let log = log(level, "text").await;
        assert!(log.lines().filter(|line| line.contains("route=")).count() > 25, "{log}");
        for line in log.split_terminator('\n') {
            let (time, _) = line.split_once(' ').unwrap_or_default();
            assert!(time.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{line:?}");
            has_nothing_but_text(line);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_json_is_an_object_of_ours() {
    let log = log("trace", "json").await;
    assert!(log.lines().count() > 40, "{log}");
    for line in log.split_terminator('\n') {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(entry["timestamp"].is_string() && entry["forged"].is_null(), "{line:?}");
        has_nothing_but_text(line);
    }
}
