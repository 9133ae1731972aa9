//! Requests that mean harm.

use serde_json::{Value, json};

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
