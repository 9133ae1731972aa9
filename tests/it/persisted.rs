//! Hashes in place of documents that were sent before.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

pub(crate) fn sha256(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hash, byte| {
        write!(hash, "{byte:02x}").expect("text");
        hash
    })
}

/// As Apollo's clients name a document.
pub(crate) fn apollo(hash: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

pub(crate) async fn post(client: &Client, body: &Value) -> Value {
    client.post(body.to_string()).send().await.expect("an answer").json().await.expect("JSON")
}

/// The code of the answer's error; empty if there is none.
pub(crate) async fn code(client: &Client, body: &Value) -> String {
    let answer = post(client, body).await;
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

pub(crate) const LOGIN: &str = "fragment Who on User { email id } mutation Login($input: LoginInput!) { login(input: $input) { \
    __typename ... on LoginSuccess { tokens { accessToken } user { ...Who } } ... on UserError { code message } } }";

pub(crate) const ME: &str = "query Me($no: Boolean = false) { me { id email @skip(if: $no) } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_sent_once_is_known_by_its_hash() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let hash = sha256(ME);
    let answer = post(&ada, &apollo(&hash)).await;
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound", "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{answer}");
    assert!(answer.get("data").is_none() && answer["errors"][0].get("locations").is_none_or(|at| *at == json!([])));
    let answer = post(&ada, &with(apollo(&hash), "query", ME)).await;
    assert_eq!(answer["data"]["me"]["email"], "ada@example.com", "{answer}");
    for named in [
        apollo(&hash),
        apollo(&hash.to_uppercase()),
        with(apollo(&hash), "query", ""),
        with(apollo(&hash), "query", Value::Null),
        json!({ "documentId": hash }),
        json!({ "documentId": format!("sha256:{hash}") }),
    ] {
        let answer = post(&ada, &named).await;
        assert_eq!(answer["data"]["me"]["email"], "ada@example.com", "{named}: {answer}");
        let answer = post(&ada, &with(named, "variables", json!({ "no": true }))).await;
        assert!(answer["data"]["me"]["id"].is_string() && answer["data"]["me"].get("email").is_none(), "{answer}");
    }
    // Another client uses the document, with its own variables.
    let answer = post(&app.anonymous(), &apollo(&hash)).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{answer}");
    assert_eq!(code(&ada, &with(apollo(&hash), "variables", json!({ "no": "x" }))).await, "BAD_USER_INPUT");
    // A document that was sent without its hash is known as well; another instance does not know it.
    ada.send("{ __typename }", Value::Null).await;
    let typename = apollo(&sha256("{ __typename }"));
    assert_eq!(post(&ada, &typename).await["data"]["__typename"], "Query");
    let peer = app.peer(&[]).await;
    assert_eq!(code(&peer.visited_by(&ada), &typename).await, "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_another_documents_executes_and_remembers_nothing() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    client.send("{ __typename }", Value::Null).await;
    let register = format!(
        "mutation {{ register(input: {{ email: \"eve@example.com\", password: \"{PASSWORD}\" }}) {{ __typename }} }}"
    );
    for hash in [sha256("{ __typename }"), sha256("something else"), "short".to_owned()] {
        for name in [apollo(&hash), json!({ "documentId": hash })] {
            assert_eq!(code(&client, &with(name, "query", register.as_str())).await, "BAD_USER_INPUT");
        }
    }
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
    assert_eq!(code(&client, &apollo(&sha256(&register))).await, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(code(&client, &apollo(&sha256("something else"))).await, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(post(&client, &apollo(&sha256("{ __typename }"))).await["data"]["__typename"], "Query");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_not_executed_are_not_remembered() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for document in [
        "{",
        "{ you }",
        "{ a: me { id } a: __typename }",
        "{ ...f } fragment f on Query { ...f }",
        "query($a: Int!) { me { sessions(first: $a) { nodes { id } } } }",
        &format!("{{ {} }}", "__typename ".repeat(30)),
    ] {
        let body = with(apollo(&sha256(document)), "query", document);
        assert_ne!(code(&client, &body).await, "", "{document:.80}");
        assert_eq!(code(&client, &apollo(&sha256(document))).await, "PERSISTED_QUERY_NOT_FOUND", "{document:.80}");
    }
}

/// Otherwise it would stay in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_a_password_in_it_is_not_remembered() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let inline = format!(
        "mutation {{ login(input: {{ identifier: \"ada@example.com\", password: \"{PASSWORD}\" }}) {{ __typename }} }}"
    );
    let variables = json!({ "input": { "identifier": "ada@example.com", "password": PASSWORD } });
    for (document, variables, kept) in [(inline.as_str(), json!({}), false), (LOGIN, variables, true)] {
        let answer = client.send(document, variables.clone()).await;
        assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{answer}");
        let answer = post(&client, &with(apollo(&sha256(document)), "variables", variables)).await;
        assert_eq!(answer["data"]["login"]["__typename"] == "InvalidCredentials", kept, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_none_are_refused_without_being_quoted() {
    let app = TestApp::start().await;
    let hash = sha256("{ __typename }");
    for body in [
        json!({ "documentId": 7 }),
        json!({ "documentId": null }),
        json!({ "documentId": hash, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
        json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": "hunter2" } } }),
        json!({ "extensions": { "persistedQuery": { "version": "1", "sha256Hash": "hunter2" } } }),
        json!({ "extensions": { "persistedQuery": { "version": 1 } } }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": ["hunter2"] } } }),
        json!({ "extensions": { "persistedQuery": "hunter2" } }),
        json!({ "extensions": { "persistedQuery": null } }),
    ] {
        let response = app.anonymous().post(body.to_string()).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        assert!(status == 400 && text.contains("BAD_USER_INPUT") && !text.contains("hunter2"), "{body}: {text}");
    }
    for name in ["", "sha256:", "hunter2", "../../etc/passwd", &"f".repeat(60_000)] {
        assert_eq!(code(&app.anonymous(), &json!({ "documentId": name })).await, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(code(&app.anonymous(), &apollo(name)).await, "PERSISTED_QUERY_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_floods_the_memory_costs_others_one_more_request_at_the_most() {
    for bytes in ["0", "10000", "200000"] {
        let app = TestApp::with(&[&format!("--document-cache-bytes={bytes}")]).await;
        let (ada, eve) = (app.registered("ada@example.com").await, app.anonymous());
        for round in 0..40 {
            for number in 0..10 {
                eve.send(&format!("{{ a{round}_{number}: __typename }}"), Value::Null).await;
            }
            let answer = post(&ada, &apollo(&sha256(ME))).await;
            if answer["data"]["me"]["email"] != "ada@example.com" {
                assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{answer}");
                let answer = post(&ada, &with(apollo(&sha256(ME)), "query", ME)).await;
                assert_eq!(answer["data"]["me"]["email"], "ada@example.com", "{bytes}: {answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_hashes_are_off_clients_are_told_to_send_documents() {
    let app = TestApp::with(&["--persisted-queries=off"]).await;
    let client = app.anonymous();
    let hash = sha256("{ __typename }");
    let answer = post(&client, &with(apollo(&hash), "query", "{ __typename }")).await;
    assert_eq!(answer["data"]["__typename"], "Query", "{answer}");
    let answer = post(&client, &apollo(&hash)).await;
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotSupported", "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_SUPPORTED", "{answer}");
}
