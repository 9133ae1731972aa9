//! Requests that mean harm.

use serde_json::{Value, json};

use crate::support::raw::Raw;
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_never_becomes_sql() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    for typed in ["' OR 1=1 --", "ada@example.com' --", "a'; DROP TABLE accounts; --@example.com", "\\", "%", "$1"] {
        let answer = app.anonymous().try_login(typed, "' OR '1'='1").await;
        assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{typed}: {answer}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_of_another_type_are_told_without_being_quoted() {
    let app = TestApp::start().await;
    let query = "mutation($input: LoginInput!) { login(input: $input) { __typename } }";
    for input in [
        json!(null),
        json!("hunter2"),
        json!({ "identifier": "ada", "password": ["hunter2"] }),
        json!({ "identifier": "ada", "password": { "hunter2": 1 } }),
        json!({ "identifier": "ada" }),
        json!({ "identifier": "ada", "password": "hunter2", "admin": true }),
    ] {
        let answer = app.anonymous().send(query, json!({ "input": input })).await;
        assert!(
            answer["data"]["login"].is_null() && answer["errors"][0]["extensions"]["code"].is_string(),
            "{input}: {answer}"
        );
        assert!(!answer.to_string().contains("hunter2"), "{input}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_a_document_that_does_not_parse_is_not_quoted() {
    let app = TestApp::start().await;
    for document in [
        "mutation { login(input: { identifier: \"ada\", password: \"hunter2",
        "mutation { login(input: { identifier: \"ada\" password: \"hunter2\" }) { __typename }",
        "mutation { changePassword(input: { currentPassword: \"\\x hunter2\" }) { __typename } }",
    ] {
        let answer = app.anonymous().send(document, Value::Null).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "GRAPHQL_PARSE_FAILED", "{answer}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(
            (message.contains("expected") || message == "A string has no end.")
                && error["locations"][0]["column"].is_number(),
            "{answer}"
        );
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_under_the_sockets_address_whatever_headers_say() {
    let app = TestApp::start().await;
    let body = json!({
        "query": "mutation($i: RegisterInput!) { register(input: $i) { ... on RegisterSuccess { session { ipAddress userAgent } } } }",
        "variables": { "i": { "email": "ada@example.com", "password": PASSWORD } },
    });
    let request = app.anonymous().post(body.to_string());
    let request =
        request.header("x-forwarded-for", "6.6.6.6").header("forwarded", "for=6.6.6.6").header("x-real-ip", "6.6.6.6");
    let long = format!("evil\t{}", "x".repeat(5000));
    let answer: Value = request.header("user-agent", long).send().await.expect("an answer").json().await.expect("JSON");
    let session = &answer["data"]["register"]["session"];
    assert_eq!(session["ipAddress"], "127.0.0.1", "{answer}");
    assert!(
        session["userAgent"].as_str().is_some_and(|agent| agent.starts_with("evilx") && agent.len() == 256),
        "{answer}"
    );
}

/// Fragments that each spread the next one twice, `levels` deep.
fn bomb(root: &str, kind: &str, levels: usize, leaf: &str) -> String {
    let fragments =
        (0..levels).map(|level| format!("fragment f{level} on {kind} {{ ...f{} ...f{} }} ", level + 1, level + 1));
    let fragments: String = fragments.collect();
    format!("{root} {{ ...f0 }} {fragments} fragment f{levels} on {kind} {{ {leaf} }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_small_to_send_and_huge_to_execute_are_refused_before_anything_follows_them() {
    let app = TestApp::start().await;
    let many: String = (0..1001).map(|number| format!("a{number}: __typename ")).collect();
    let deep = |levels: usize| {
        let fragments: String =
            (0..levels).map(|level| format!("fragment f{level} on Query {{ ...f{} }} ", level + 1)).collect();
        format!("{{ ...f0 }} {fragments} fragment f{levels} on Query {{ __typename }}")
    };
    // Each would take minutes or gigabytes if its spreads were followed.
    for (document, code) in [
        (bomb("query", "Query", 30, "me { id }"), "QUERY_TOO_COMPLEX"),
        (bomb("mutation", "Mutation", 30, "logout { ended }"), "QUERY_TOO_COMPLEX"),
        (format!("{{ __typename }} {}", bomb("query Other", "Query", 30, "me { id }")), "GRAPHQL_PARSE_FAILED"),
        (format!("query A {{ __typename }} {}", bomb("query B", "Query", 30, "me { id }")), "QUERY_TOO_COMPLEX"),
        ("{ __typename } fragment f on Query { ...f ...f }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ ...f } fragment f on Query { ...g ...g } fragment g on Query { ...f ...f }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (format!("{{ {many} }}"), "QUERY_TOO_COMPLEX"),
        (deep(31), "QUERY_TOO_COMPLEX"),
        (deep(1500), "QUERY_TOO_COMPLEX"),
    ] {
        let client = app.anonymous();
        let answer =
            tokio::time::timeout(std::time::Duration::from_secs(20), client.send(&document, Value::Null)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer: {document:.80}"));
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{document:.80}: {answer}");
        assert!(answer["data"].is_null(), "{answer}");
    }
    let answer = app.anonymous().send(&deep(20), Value::Null).await;
    assert_eq!(answer["data"]["__typename"], "Query", "the control: {answer}");
    let answer = app.anonymous().send(&bomb("query", "Query", 4, "__typename"), Value::Null).await;
    assert_eq!(answer["data"]["__typename"], "Query", "the control: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_makes_no_long_answer() {
    let app = TestApp::start().await;
    let name = "x".repeat(20_000);
    for document in [
        format!("mutation {{ {name}: logout {{ ended }} {name}: logout {{ ended }} }}"),
        format!("query(${name}: Int!) {{ __typename }}"),
        format!("{{ ...{name} }} fragment {name} on Query {{ ...{name} }}"),
    ] {
        let answer = app.anonymous().send(&document, Value::Null).await.to_string();
        assert!(answer.len() < 1000, "{}", answer.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_host() {
    let app = TestApp::start().await;
    let body = json!({ "query": "{ __typename }" }).to_string();
    for (version, hosts, status) in [("1.1", 1, 200), ("1.1", 0, 400), ("1.1", 2, 400), ("1.0", 0, 200)] {
        let mut raw = Raw::connect(app.address).await;
        let hosts = "host: x\r\n".repeat(hosts);
        raw.send(&format!(
            "POST /graphql HTTP/{version}\r\n{hosts}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
        let answer = raw.answer().await;
        assert_eq!(answer.status, status, "{version} {hosts:?}");
        assert!(answer.header("x-content-type-options").is_some() && answer.header("x-request-id").is_some());
    }
}
