//! The whole route, with everything switched on.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::choices::{Choices, numbers};
use super::documents::{MARKER, Schema};
use super::requests::Sent;
use super::run;
use crate::support::{Client, TestApp};

/// No answer within this is a hang, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client may be told. A fault, an absent database or a full queue is nothing that a request may bring about here.
const CODES: &[&str] = &[
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "BAD_USER_INPUT",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
    "PERSISTED_QUERY_NOT_FOUND",
];

/// What must hold of every answer. Returns it.
async fn answered(client: &Client, sent: Sent) -> Result<Value, TestCaseError> {
    let Sent { headers, body } = sent;
    let case = format!("{headers:?}\n{}", String::from_utf8_lossy(&body));
    told(client.http.post(&client.url).headers(headers).body(body), &case).await
}

async fn told(request: reqwest::RequestBuilder, case: &str) -> Result<Value, TestCaseError> {
    let fail = |what: &str| TestCaseError::fail(format!("{what}: {case}"));
    let response = tokio::time::timeout(PATIENCE, request.send()).await.map_err(|_| fail("no answer"))?;
    let response = response.map_err(|error| fail(&format!("no answer, {error}")))?;
    let status = response.status();
    let heads = format!("{:?}", response.headers());
    let text = tokio::time::timeout(PATIENCE, response.text()).await.map_err(|_| fail("no whole answer"))?;
    let text = text.map_err(|error| fail(&format!("no whole answer, {error}")))?;
    let fail = |what: &str| TestCaseError::fail(format!("{what}: {status} {text}\n{case}"));
    if status.is_server_error() {
        return Err(fail("a server error"));
    }
    if format!("{heads}{text}").contains(&MARKER[..13]) {
        return Err(fail("the password is in the answer"));
    }
    let answer: Value = serde_json::from_str(&text).map_err(|_| fail("no JSON"))?;
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !answer["data"].is_object() && errors.is_empty() {
        return Err(fail("neither data nor errors"));
    }
    for error in errors {
        if !error["extensions"]["code"].as_str().is_some_and(|code| CODES.contains(&code)) {
            return Err(fail("an error that nobody may cause"));
        }
    }
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_in_order_and_harms_nobody() {
    let wide =
        ["attempts", "requests", "login", "login-account", "login-attacked", "login-address", "register", "refresh"]
            .map(|limit| format!("--limit-{limit}=1000000/1s"));
    let mut flags = vec!["--cookies=on", "--rate-limits=on", "--introspection=on", "--graphiql=on"];
    flags.extend(wide.iter().map(String::as_str));
    let app = TestApp::with(&flags).await;
    let bystander = app.registered("bystander@example.com").await;
    let schema = Schema::read();
    let handle = tokio::runtime::Handle::current();
    let victim = RefCell::new(app.registered("victim@example.com").await);
    let (cases, executed) = (Cell::new(0_u32), Cell::new(0_u32));
    run(1500, &numbers(), |numbers| {
        let mut choices = Choices::of(&numbers);
        let sent = Sent::generate(&schema, &victim.borrow(), &mut choices);
        handle.block_on(async {
            let answer = answered(&bystander, sent).await?;
            cases.set(cases.get() + 1);
            executed.set(executed.get() + u32::from(answer["data"].is_object()));
            prop_assert_eq!(bystander.is_signed_in().await, Ok(()), "somebody else's request ended a session");
            let current = victim.borrow().clone();
            if current.is_signed_in().await.is_err() {
                let email = format!("victim{}@example.com", cases.get());
                let next = app.anonymous().register(&email).await;
                victim.replace(next);
            }
            Ok(())
        })
    });
    println!("{} of {} were executed", executed.get(), cases.get());
    assert!(executed.get() > cases.get() / 10, "{} of {} were executed", executed.get(), cases.get());
}

/// The same requests in query strings, and what is no request as it is.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_by_get_changes_nothing() {
    let app = TestApp::with(&["--cookies=on", "--introspection=on"]).await;
    let victim = app.registered("victim@example.com").await;
    let schema = Schema::read();
    let handle = tokio::runtime::Handle::current();
    let (cases, executed) = (Cell::new(0_u32), Cell::new(0_u32));
    let state = "SELECT count(*) + (SELECT count(*) FROM accounts) + (SELECT sum(refresh_counter) FROM sessions)::bigint \
                 FROM sessions WHERE revoked_at IS NULL";
    let before = app.database.count(state).await;
    run(500, &numbers(), |numbers| {
        let mut choices = Choices::of(&numbers);
        let Sent { headers, body } = Sent::generate(&schema, &victim, &mut choices);
        let url = format!("{}?{}", victim.url, query_string(&body));
        let case = format!("{headers:?}\n{url}");
        handle.block_on(async {
            let request = victim.http.get(&url).headers(headers);
            // Longer than an address may be.
            if url.len() > 30_000 {
                return Ok(());
            }
            let answer = told(request, &case).await?;
            cases.set(cases.get() + 1);
            executed.set(executed.get() + u32::from(answer["data"].is_object()));
            prop_assert_eq!(app.database.count(state).await, before, "{}", case);
            Ok(())
        })
    });
    println!("{} of {} were executed", executed.get(), cases.get());
    assert!(executed.get() > cases.get() / 20, "{} of {} were executed", executed.get(), cases.get());
}

fn query_string(body: &[u8]) -> String {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return format!("query={}", url::form_urlencoded::byte_serialize(body).collect::<String>());
    };
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::String(text) => _ = written.append_pair(&name, &text),
            value => _ = written.append_pair(&name, &value.to_string()),
        }
    }
    written.finish()
}
