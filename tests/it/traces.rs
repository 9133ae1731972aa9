//! Traces: what a collector gets by OTLP, and what it does not.

use serde_json::{Value, json};

use crate::support::app::SECRET;
use crate::support::collector::{Collector, Span};
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::{Client, PASSWORD, until};

const EMAIL: &str = "ada@example.com";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A server that exports to the collector, with more settings.
fn server(database: &TestDatabase, endpoint: &str, more: &[(&str, &str)]) -> Server {
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_OTLP_ENDPOINT", endpoint),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
    ];
    Server::start(&[&environment[..], more].concat())
}

/// What makes the tests' client a gateway.
const TRUSTED: (&str, &str) = ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1");

/// A request as a gateway sends it that takes part in a trace.
async fn send(client: &Client, traceparent: &str, name: &str, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "operationName": name, "variables": variables }).to_string();
    let request = client.post(body).header("traceparent", traceparent).header("tracestate", "vendor=of-the-caller");
    request.send().await.expect("an answer").json().await.expect("JSON")
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span {name}: {spans:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_operation_and_its_statements_are_spans_of_the_callers_trace() {
    let (database, collector) = (TestDatabase::new().await, Collector::start().await);
    let server = server(&database, &collector.url, &[TRUSTED]);
    let client = server.client();
    let registered = client.register(EMAIL).await;

    let login = "mutation Login($input: LoginInput!) { login(input: $input) { __typename } }";
    let input = json!({ "input": { "identifier": EMAIL, "password": PASSWORD } });
    let answer = send(&client, &format!("00-{TRACE}-{CALLER}-00"), "Login", login, input).await;
    assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess");
    assert_eq!(client.login_type(EMAIL, "a wrong password of hers").await, "InvalidCredentials");
    let me = client.with_token(registered.access_token());
    send(&me, "00-not-a-trace", "Who", "query Who { me { id sessions(first: 1) { nodes { id } } } }", Value::Null)
        .await;
    let log = server.stop();

    let spans = collector.spans();
    let ours: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).cloned().collect();
    let request = ours.iter().find(|span| span.parent == CALLER).expect("the request's span");
    assert_eq!(request.name, "POST /graphql");
    assert_eq!(request.attribute("http.response.status_code"), "200");
    let operation = named(&ours, "Login");
    assert_eq!(operation.parent, request.id);
    let statement = named(&ours, "sessions::store::open::Opening");
    assert_eq!((&statement.parent, &*statement.attribute("db.system.name")), (&operation.id, "postgresql"));
    let who = named(&spans, "Who");
    assert!(who.trace != TRACE && !who.trace.contains("not"), "a new trace: {who:?}");
    let listing = spans.iter().find(|span| span.name.starts_with("sessions::store::list::"));
    assert_eq!(
        listing.map(|span| &span.parent),
        Some(&who.id),
        "what a loader does for all is a part of the operation"
    );
    // The log is what it is without traces.
    let line = |name: &str| log.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name}: {log}"));
    assert!(line("operation=\"Login\"").contains("account=") && !log.contains("statement"), "{log}");
    assert!(line("operation=\"Who\"").contains("account="), "{log}");

    let failed = line("authentication failed");
    assert!(failed.contains("request{id=") && failed.contains("operation="), "a task of its own: {failed}");

    for secret in [EMAIL, PASSWORD, registered.access_token(), registered.refresh_token(), "of-the-caller", "argon2"] {
        assert!(!collector.has(secret), "{secret} is exported");
    }
    assert!(collector.has("sessions::store::open::Opening"), "what is looked for is found");
}

/// Who chooses the id of a trace chooses whether it is exported, and in which trace.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_in_no_trace_but_its_own() {
    for proxies in [&[][..], &[("PORTCULLIS_TRUSTED_PROXIES", "192.0.2.7")]] {
        let (database, collector) = (TestDatabase::new().await, Collector::start().await);
        let server = server(&database, &collector.url, proxies);
        let client = server.client().forwarded("192.0.2.7");
        send(&client, &format!("00-{TRACE}-{CALLER}-01"), "A", "query A { __typename }", Value::Null).await;
        server.stop();
        let spans = collector.spans();
        assert!(named(&spans, "POST /graphql").parent.is_empty(), "it begins a trace: {spans:#?}");
        assert!(spans.iter().all(|span| span.trace != TRACE), "{spans:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_is_marked_and_a_share_of_none_exports_none() {
    let (database, collector) = (TestDatabase::new().await, Collector::start().await);
    let failing = server(&database, &collector.url, &[("PORTCULLIS_DATABASE_TIMEOUT", "300ms")]);
    let client = failing.client();
    database.operator.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let ready = client.http.get(client.url.replace("/graphql", "/confirm?x")).send().await.expect("an answer");
    assert!(ready.status().is_client_error() || ready.status().is_success());
    let login = client.try_login(EMAIL, PASSWORD).await;
    assert_eq!(login["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE");
    database.operator.batch_execute("ROLLBACK").await.expect("a rollback");
    failing.stop();
    assert!(!collector.spans().is_empty());

    let nothing = Collector::start().await;
    let quiet = server(&database, &nothing.url, &[("PORTCULLIS_TRACES_RATIO", "0"), TRUSTED]);
    send(&quiet.client(), &format!("00-{TRACE}-{CALLER}-01"), "A", "query A { __typename }", Value::Null).await;
    quiet.stop();
    assert_eq!(nothing.spans(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_requests_are_answered_and_the_server_stops() {
    let database = TestDatabase::new().await;
    let server = server(&database, "http://127.0.0.1:1", &[]);
    let registered = server.client().register(EMAIL).await;
    assert_eq!(registered.is_signed_in().await, Ok(()));
    until("the operator is told", async || server.log().contains("BatchSpanProcessor")).await;
    server.stop();
}
