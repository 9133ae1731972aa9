//! Queries by GET (GraphQL over HTTP, section 5.3).

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::persisted::{LOGIN, ME, apollo, code, sha256, with};
use crate::support::browser::{Browser, COOKIE_NAME};
use crate::support::raw::Raw;
use crate::support::{Client, PASSWORD, TestApp};

const GRAPHQL: &str = "application/graphql-response+json";

/// A GET with these parameters, with the client's tokens.
fn request(client: &Client, method: Method, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let url = reqwest::Url::parse_with_params(&client.url, parameters).expect("a URL");
    let request = client.http.request(method, url);
    client.authorization.iter().fold(request, |request, value| request.header("authorization", value))
}

async fn get(client: &Client, parameters: &[(&str, &str)]) -> (StatusCode, Value) {
    told(request(client, Method::GET, parameters).send().await.expect("an answer")).await
}

/// A GET of the query string as it is.
async fn raw(app: &TestApp, query_string: &str) -> (u16, Value) {
    let mut connection = Raw::connect(app.address).await;
    connection.send(&format!("GET /graphql?{query_string} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    let answer = connection.answer().await;
    (answer.status, answer.json())
}

async fn told(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (status, response.json().await.expect("JSON"))
}

fn code_of(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

fn values(response: &Response, name: &str) -> Vec<String> {
    response.headers().get_all(name).iter().map(|value| value.to_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_by_get_is_answered_as_by_post() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (status, answer) = get(&ada, &[("query", "{ me { email } }")]).await;
    assert_eq!((status, &answer["data"]["me"]["email"]), (StatusCode::OK, &json!("ada@example.com")), "{answer}");
    let (_, answer) = get(&app.anonymous(), &[("query", "{ me { email } }")]).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{answer}");

    let (_, answer) = get(&ada, &[("query", ME), ("variables", r#"{"no":true}"#), ("extensions", "{}")]).await;
    assert!(answer["data"]["me"]["id"].is_string() && answer["data"]["me"].get("email").is_none(), "{answer}");
    let two = "# ü+%26 &=\nquery A { a: __typename } query B { b: __typename }";
    for (name, key) in [("A", "a"), ("B", "b")] {
        let (_, answer) = get(&ada, &[("query", two), ("operationName", name), ("variables", "null")]).await;
        assert_eq!(answer, json!({ "data": { key: "Query" } }));
    }
    let (_, answer) = get(&ada, &[("query", "{ __typename }"), ("operationName", ""), ("_", "17"), ("_", "18")]).await;
    assert_eq!(
        answer,
        json!({ "data": { "__typename": "Query" } }),
        "an empty name is none; others' parameters are theirs"
    );
    for empty in
        ["variables=", "variables", "documentId=", "extensions=", "operationName=&documentId&extensions&variables"]
    {
        let query_string = format!("query=%7B__typename%7D&{empty}");
        assert_eq!(raw(&app, &query_string).await, (200, json!({ "data": { "__typename": "Query" } })), "{empty}");
    }
    let plus = "query=%7b+__typename%20%7D&extensions=%6eull&&operationName";
    assert_eq!(raw(&app, plus).await, (200, json!({ "data": { "__typename": "Query" } })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_negotiated_and_no_cache_keeps_it() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for (query, accept, status) in [
        ("{ __typename }", "application/json", 200),
        ("{ me { id } }", GRAPHQL, 200),
        ("{ you }", "application/json", 200),
        ("{ you }", GRAPHQL, 400),
        ("{", GRAPHQL, 400),
        ("mutation { logout { ended } }", GRAPHQL, 405),
        ("{ me { id } }", "text/html", 406),
    ] {
        let answer = request(&ada, Method::GET, &[("query", query)]).header("accept", accept);
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{query} {accept}");
        assert_eq!(values(&answer, "cache-control"), ["no-store"], "{query}");
        assert_eq!(values(&answer, "vary").join(", "), "Accept, Authorization, Origin", "{query}");
        let content_type = &values(&answer, "content-type")[0];
        assert!(content_type.starts_with(if status == 406 { "application/json" } else { accept }), "{content_type}");
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

/// What GET may not do, in every way to ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_query_is_executed_by_get() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (out, two) =
        ("mutation Out { logout { ended } }", "query Look { __typename } mutation Out { logout { ended } }");
    // By a POST of its query the document of two operations becomes known.
    let body = json!({ "query": two, "operationName": "Look" }).to_string();
    assert_eq!(ada.post(body).send().await.expect("an answer").status(), 200);
    // And one that was executed, by somebody else.
    app.anonymous().send(out, Value::Null).await;
    let hash = |text: &str| apollo(&sha256(text))["extensions"].to_string();
    for parameters in [
        &[("query", out)] as &[_],
        &[("query", out), ("operationName", "Out")],
        &[("query", two), ("operationName", "Out")],
        &[("extensions", &hash(out))],
        &[("documentId", &format!("sha256:{}", sha256(out)))],
        &[("extensions", &hash(two)), ("operationName", "Out")],
        &[("query", two), ("extensions", &hash(two)), ("operationName", "Out")],
        &[("query", "mutation { ...F } fragment F on Mutation { logout { ended } }")],
        &[("query", "mutation { logout { ended } } #"), ("variables", "{}")],
        &[("query", "subscription { logout { ended } }")],
        &[("query", "mutation { nothing }")],
        &[("query", "mutation($x: Int!) { logout { ended } }")],
    ] {
        for (method, accept) in [(Method::GET, GRAPHQL), (Method::GET, "application/json"), (Method::HEAD, GRAPHQL)] {
            let answer = request(&ada, method.clone(), parameters).header("accept", accept);
            let answer = answer.send().await.expect("an answer");
            assert_eq!(
                (answer.status().as_u16(), values(&answer, "allow").concat().as_str()),
                (405, "POST"),
                "{parameters:?}"
            );
            if method == Method::GET {
                let (_, answer) = told(answer).await;
                assert_eq!(code_of(&answer), "BAD_USER_INPUT", "{answer}");
                assert!(answer.get("data").is_none(), "{answer}");
            }
        }
    }
    // An operation that is not there is none, whether the one that is has a name or not.
    for document in ["mutation { logout { ended } }", out, "{ __typename }"] {
        let (_, answer) = get(&ada, &[("query", document), ("operationName", "Nobody")]).await;
        assert_eq!(code_of(&answer), "BAD_USER_INPUT", "{document}: {answer}");
        assert!(answer.get("data").is_none_or(Value::is_null), "{document}: {answer}");
    }
    let (status, answer) = get(&ada, &[("query", two)]).await;
    assert_eq!((status, code_of(&answer)), (StatusCode::OK, "BAD_USER_INPUT"), "which of the two? {answer}");
    let (status, answer) = get(&ada, &[("query", two), ("operationName", "Look")]).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "data": { "__typename": "Query" } })));
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let ended = "SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL";
    assert_eq!(app.database.count(ended).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_string_that_is_no_request_is_refused_without_being_quoted() {
    let app = TestApp::start().await;
    for query_string in [
        "",
        "hunter2",
        "variables={}",
        "query={__typename}&query={__typename}",
        "query={__typename}&%71uery={__typename}",
        "query={__typename}&variables=null&variables={%22hunter2%22:1}",
        "query={__typename}&operationName=&operationName=hunter2",
        "documentId=hunter2&documentId=hunter2",
        "query={__typename}&extensions={}&extensions={}",
        "query={__typename}&variables=hunter2",
        "documentId=&variables=",
        "query={__typename}&variables=[%22hunter2%22]",
        "query={__typename}&variables=%22hunter2%22",
        "query={__typename}&variables={%22hunter2%22:1",
        "query={__typename}&variables={}{}",
        "query={__typename}&variables={%22a%22:%22%5cud800hunter2%22}",
        "query={__typename}&extensions=7",
        "query={__typename}&extensions={%22persistedQuery%22:%22hunter2%22}",
        "query={__typename}&documentId=hunter2&extensions={%22persistedQuery%22:{%22version%22:1,%22sha256Hash%22:%22hunter2%22}}",
        "query=hunter2%",
        "query=hunter2%4",
        "query=hunter2%zz",
        "query=hunter2%ff",
        "query=hunter2%ed%a0%80",
        "query=%c0%afhunter2",
        "%ff=hunter2&query={__typename}",
    ] {
        let (status, answer) = raw(&app, query_string).await;
        assert_eq!((status, code_of(&answer)), (400, "BAD_USER_INPUT"), "{query_string}: {answer}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.len() > 20 && !message.contains("hunter2"), "{query_string}: {answer}");
    }
    let deep = format!("query={{__typename}}&variables={}1{}", "{%22a%22:".repeat(500), "}".repeat(500));
    assert_eq!(raw(&app, &deep).await.0, 400);
    let (status, answer) = told(app.anonymous().http.get(&app.anonymous().url).send().await.expect("an answer")).await;
    assert_eq!((status, code_of(&answer)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{answer}");
    // What is not in the query string is not read.
    let body = json!({ "query": "{ __typename }" }).to_string();
    let request = app.anonymous().http.get(&app.anonymous().url).header("content-type", "application/json").body(body);
    assert_eq!(request.send().await.expect("an answer").status(), 400);
    // And what is in it is not read of a POST.
    let url = format!("{}?query=%7B__typename%7D", app.anonymous().url);
    let request = app.anonymous().http.post(url).header("content-type", "application/json").body("{}");
    assert_eq!(request.send().await.expect("an answer").status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_a_post_hold() {
    let app = TestApp::with(&["--max-body-bytes=2000", "--max-tokens=100", "--max-header-bytes=8192"]).await;
    let padded = |bytes: usize| format!("query={{__typename}}&x={}", "x".repeat(bytes - 21));
    assert_eq!(raw(&app, &padded(2000)).await.0, 200);
    let (status, answer) = raw(&app, &padded(2001)).await;
    assert_eq!((status, code_of(&answer)), (414, "BAD_USER_INPUT"), "{answer}");
    let mut connection = Raw::connect(app.address).await;
    connection.send(&format!("GET /graphql?{} HTTP/1.1\r\nhost: x\r\n\r\n", padded(9000))).await;
    assert_eq!(connection.answer().await.status, 431);
    let client = app.anonymous();
    let (_, answer) = get(&client, &[("query", &format!("{{ {} }}", "a ".repeat(200)))]).await;
    assert_eq!(code_of(&answer), "QUERY_TOO_COMPLEX", "{answer}");
    let many = json!({ "a": vec![1; 200] }).to_string();
    let (_, answer) = get(&client, &[("query", "query($a: [Int]) { __typename }"), ("variables", &many)]).await;
    assert_eq!(code_of(&answer), "QUERY_TOO_COMPLEX", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_counts_against_the_limit_of_requests() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-requests=3/1h"]).await;
    let query: &[(&str, &str)] = &[("query", "{ __typename }")];
    for status in [200, 200, 200, 429] {
        assert_eq!(get(&app.anonymous(), query).await.0, status);
    }
    let head = request(&app.anonymous(), Method::HEAD, query).send().await.expect("an answer");
    assert_eq!(head.status(), 429);
}

/// Whoever makes a browser send a GET has it send its cookies along.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_a_get_are_neither_judged_nor_read_nor_written() {
    let app = TestApp::with(&["--cookies=on", "--allowed-origins=https://app.example.com"]).await;
    let ada = app.registered("ada@example.com").await;
    let mut browser = Browser::new(app.anonymous());
    browser.login("ada@example.com").await;
    let cookie = format!("{COOKIE_NAME}={}", browser.cookie.clone().expect("a cookie"));
    for says in [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] as &[_],
        &[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("sec-fetch-site", "none")],
        &[],
    ] {
        for (client, signed_in) in [(&*ada, true), (&app.anonymous(), false)] {
            let request = request(client, Method::GET, &[("query", "{ me { id } }")]).header("cookie", &cookie);
            let request = says.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let response = request.send().await.expect("an answer");
            assert!(values(&response, "set-cookie").is_empty(), "{says:?}");
            let (status, answer) = told(response).await;
            assert_eq!(
                (status, answer["data"]["me"]["id"].is_string()),
                (StatusCode::OK, signed_in),
                "{says:?}: {answer}"
            );
        }
        let mutation = request(&app.anonymous(), Method::GET, &[("query", "mutation { refreshToken { __typename } }")]);
        let mutation = says.iter().fold(mutation, |request, (name, value)| request.header(*name, *value));
        let response = mutation.header("cookie", &cookie).send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), values(&response, "set-cookie").len()), (405, 0), "{says:?}");
    }
    let refreshed = browser.refresh().await;
    assert_eq!(refreshed.body["data"]["refreshToken"]["__typename"], "RefreshTokenSuccess", "it is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_by_get_is_known_after_its_document_was_sent_by_either_method() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (extensions, id) = (apollo(&sha256(ME))["extensions"].to_string(), format!("sha256:{}", sha256(ME)));
    let (status, answer) = get(&ada, &[("extensions", &extensions)]).await;
    assert_eq!((status, code_of(&answer)), (StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND"), "{answer}");
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound", "{answer}");
    let (_, answer) = get(&ada, &[("query", ME), ("extensions", &extensions)]).await;
    assert_eq!(answer["data"]["me"]["email"], "ada@example.com", "{answer}");
    for parameters in [
        &[("extensions", extensions.as_str())] as &[(&str, &str)],
        &[("extensions", extensions.as_str()), ("query", "")],
        &[("documentId", id.as_str())],
    ] {
        let (_, answer) = get(&ada, parameters).await;
        assert_eq!(answer["data"]["me"]["email"], "ada@example.com", "{answer}");
    }
    assert_eq!(code(&ada, &apollo(&sha256(ME))).await, "", "by POST as well");
    let other = "{ a: __typename }";
    assert_eq!(code(&ada, &with(apollo(&sha256(other)), "query", other)).await, "");
    let (_, answer) = get(&ada, &[("documentId", &sha256(other))]).await;
    assert_eq!(answer["data"]["a"], "Query", "{answer}");
    let (status, answer) = get(&ada, &[("query", "{ __typename }"), ("documentId", &sha256(other))]).await;
    assert_eq!((status, code_of(&answer)), (StatusCode::OK, "BAD_USER_INPUT"), "{answer}");
    // A mutation that is known by its hash stays one.
    let variables = json!({ "input": { "identifier": "ada@example.com", "password": PASSWORD } });
    ada.send(LOGIN, variables.clone()).await;
    let (status, _) = get(&ada, &[("documentId", &sha256(LOGIN)), ("variables", &variables.to_string())]).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_as_get_without_the_body() {
    let app = TestApp::start().await;
    let (query, client) = ([("query", "{ __typename }")], app.anonymous());
    let head = request(&client, Method::HEAD, &query).send().await.expect("an answer");
    let get = request(&client, Method::GET, &query).send().await.expect("an answer");
    for name in ["content-type", "content-length", "cache-control", "vary"] {
        assert_eq!(values(&head, name), values(&get, name), "{name}");
    }
    assert_eq!((head.status(), head.bytes().await.expect("a body").len()), (StatusCode::OK, 0));
    let bad = request(&client, Method::HEAD, &[("query", "{ __typename }"), ("variables", "x")]);
    assert_eq!(bad.send().await.expect("an answer").status(), 400);
}

/// A page of another origin can send a simple GET, which no preflight announces. It reads nothing unless its origin is listed.
#[tokio::test(flavor = "multi_thread")]
async fn a_simple_get_of_a_foreign_page_is_not_its_to_read() {
    let app = TestApp::with(&["--cookies=on", "--allowed-origins=https://app.example.com"]).await;
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false), ("null", false)] {
        let get = request(&app.anonymous(), Method::GET, &[("query", "{ __typename }")]).header("origin", origin);
        let response = get.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().contains_key("access-control-allow-origin"), allowed, "{origin}");
        // Nor can it take the answer for a script, an image or a style.
        assert_eq!(values(&response, "cross-origin-resource-policy"), ["same-origin"]);
        assert_eq!(values(&response, "x-content-type-options"), ["nosniff"]);
    }
}
