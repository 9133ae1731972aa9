//! GraphQL over HTTP, and what stands around it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

const GRAPHQL: &str = "application/graphql-response+json";

async fn code(response: reqwest::Response) -> (StatusCode, Value) {
    let status = response.status();
    let body: Value = response.json().await.expect("a JSON answer");
    (status, body["errors"][0]["extensions"]["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accept_header_chooses_type_and_status() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for (query, accept, status, code_of_it) in [
        ("{ __typename }", "application/json", 200, json!(null)),
        ("{ __typename }", GRAPHQL, 200, json!(null)),
        ("{ me { id } }", GRAPHQL, 200, json!("UNAUTHENTICATED")),
        ("{", "application/json", 200, json!("GRAPHQL_PARSE_FAILED")),
        ("{", GRAPHQL, 400, json!("GRAPHQL_PARSE_FAILED")),
        ("{ you }", "application/json", 200, json!("GRAPHQL_VALIDATION_FAILED")),
        ("{ you }", GRAPHQL, 400, json!("GRAPHQL_VALIDATION_FAILED")),
        ("mutation { login(input: 7) { __typename } }", GRAPHQL, 400, json!("GRAPHQL_VALIDATION_FAILED")),
        ("mutation { refreshToken { __typename } }", GRAPHQL, 200, json!("BAD_USER_INPUT")),
        ("query A { __typename } query B { __typename }", GRAPHQL, 400, json!("BAD_USER_INPUT")),
        ("query ($x: String!) { __type(name: $x) { name } }", GRAPHQL, 400, json!("BAD_USER_INPUT")),
    ] {
        let response = client
            .post(json!({ "query": query }).to_string())
            .header("accept", accept)
            .send()
            .await
            .expect("an answer");
        let content_type = response.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(content_type.starts_with(accept), "{query}: {content_type}");
        assert_eq!(
            code(response).await,
            (StatusCode::from_u16(status).expect("a status"), code_of_it),
            "{query} {accept}"
        );
    }
    let response = client.post("{}".into()).header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(code(response).await, (StatusCode::NOT_ACCEPTABLE, json!("BAD_USER_INPUT")));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read_so_that_forms_of_other_sites_do_nothing() {
    let app = TestApp::start().await;
    let body = json!({ "query": "{ __typename }" }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/jsonp",
        "",
    ] {
        let request = app.anonymous().http.post(app.url("/graphql")).header("content-type", content_type);
        let response = request.body(body.clone()).send().await.expect("an answer");
        assert_eq!(
            code(response).await,
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, json!("BAD_USER_INPUT")),
            "{content_type}"
        );
    }
    for content_type in ["application/json; charset=UTF-8", "Application/JSON", "application/json;charset=\"utf-8\""] {
        let request = app.anonymous().http.post(app.url("/graphql")).header("content-type", content_type);
        assert_eq!(
            request.body(body.clone()).send().await.expect("an answer").status(),
            StatusCode::OK,
            "{content_type}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_request_are_refused_without_being_quoted() {
    let app = TestApp::start().await;
    for body in [
        "",
        "{",
        "null",
        "7",
        "\"hunter2\"",
        "{}",
        "[]",
        "[{\"query\":\"{__typename}\"}]",
        "{\"query\":null}",
        "{\"query\":7}",
        "{\"query\":\"{__typename}\",\"variables\":\"hunter2\"}",
        "{\"query\":\"{__typename}\",\"variables\":[]}",
        "{\"query\":\"{__typename}\",\"operationName\":7}",
        "{\"query\":\"{__typename}\",\"extensions\":7}",
        "{\"query\":\"hunter2\",\"query\":\"hunter2\"}",
        "{\"query\":\"\\ud800\"}",
        "\u{feff}{}",
    ] {
        let response = app.anonymous().post(body.to_owned()).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(text.contains("BAD_USER_INPUT") && !text.contains("hunter2"), "{body}: {text}");
    }
    let deep =
        format!("{{\"query\":\"{{__typename}}\",\"variables\":{}1{}}}", "{\"a\":".repeat(5000), "}".repeat(5000));
    assert_eq!(app.anonymous().post(deep).send().await.expect("an answer").status(), StatusCode::BAD_REQUEST);
    let latin1 = app.anonymous().http.post(app.url("/graphql")).header("content-type", "application/json");
    let response = latin1.body(b"{\"query\":\"\xe9\"}".to_vec()).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_in_a_request_are_as_nothing() {
    let app = TestApp::start().await;
    let body = json!({ "query": "{ __typename }", "operationName": null, "variables": null, "extensions": null });
    let response = app.anonymous().post(body.to_string()).send().await.expect("an answer");
    assert_eq!(response.json::<Value>().await.expect("JSON"), json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_with_and_without_its_length() {
    let app = TestApp::with(&["--max-body-bytes=2000"]).await;
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(2000) } }).to_string();
    let response = app.anonymous().post(body.clone()).send().await.expect("an answer");
    assert_eq!(code(response).await, (StatusCode::PAYLOAD_TOO_LARGE, json!("BAD_USER_INPUT")));
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(body.into_bytes())]);
    let request = app.anonymous().http.post(app.url("/graphql")).header("content-type", "application/json");
    let response = request.body(reqwest::Body::wrap_stream(chunks)).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_document_are_short_whatever_the_document() {
    let app = TestApp::start().await;
    let answer = app.anonymous().send(&format!("{{ me ! \"{}\" }}", "x".repeat(50_000)), Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    assert!(answer.to_string().len() < 1000, "{}", answer.to_string().len());
    let answer = app.anonymous().send(&format!("{{ {} }}", "x".repeat(50_000)), Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX");
    assert!(answer.to_string().len() < 1000, "{}", answer.to_string().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_and_security_headers() {
    let app = TestApp::with(&["--graphiql=on"]).await;
    let http = app.anonymous().http.clone();
    for path in [
        "/",
        "/graphiql/graphiql.js",
        "/graphql",
        "/health/live",
        "/health/ready",
        "/revocations",
        "/.well-known/jwks.json",
        "/nowhere",
        "/a%0d%0ab",
    ] {
        let response = http.get(app.url(path)).send().await.expect("an answer");
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(["unsafe", "http", "*", "//", "nonce"].iter().all(|loose| !policy.contains(loose)), "{path}: {policy}");
        assert_eq!(policy.contains("script-src"), path == "/" || path.starts_with("/graphiql/"), "{path}: {policy}");
        assert!(!policy.contains("script-src") || policy.contains("; script-src 'self'; "), "{path}: {policy}");
        assert_eq!(headers["x-request-id"].len(), 36, "{path}");
    }
    let jwks = http.get(app.url("/.well-known/jwks.json")).send().await.expect("an answer");
    assert_eq!(jwks.headers()["cache-control"], "public, max-age=300");
    let answer =
        app.anonymous().post(json!({ "query": "{ __typename }" }).to_string()).send().await.expect("an answer");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_request_id_is_kept_and_another_replaced() {
    let app = TestApp::start().await;
    let http = app.anonymous().http.clone();
    let id = async |sent: &str| {
        let response = http.get(app.url("/health/live")).header("x-request-id", sent).send().await.expect("an answer");
        response.headers()["x-request-id"].to_str().expect("text").to_owned()
    };
    assert_eq!(id("abc-123_4.5").await, "abc-123_4.5");
    for sent in ["", "a b", "a\"b", "a=b", &"a".repeat(129)] {
        let got = id(sent).await;
        assert_eq!(got.len(), 36, "{sent:.20}: {got}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_key_verifies_our_tokens() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let response = client.http.get(app.url("/.well-known/jwks.json")).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.expect("text");
    assert!(!text.contains("\"d\""), "no private part: {text}");
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&text).expect("a JWK set");
    let header = jsonwebtoken::decode_header(client.access_token()).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let jwk = jwks.find(header.kid.as_deref().expect("a kid")).expect("the key");
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).expect("a key");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["portcullis"]);
    validation.set_issuer(&["http://localhost:8080"]);
    // The manual clock stands in the past.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(client.access_token(), &key, &validation).expect("a good token").claims;
    assert_eq!(claims["sub"], client.user_id());
    assert_eq!(claims["sid"], client.session_id());
    assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), 600);
    assert_eq!(claims["jti"].as_str().map(str::len), Some(36));
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_is_a_setting_and_takes_suggestions_with_it() {
    let query = "{ __schema { queryType { name } } }";
    let app = TestApp::with(&["--introspection=on"]).await;
    assert_eq!(app.anonymous().send(query, Value::Null).await["data"]["__schema"]["queryType"]["name"], "Query");
    let app = TestApp::with(&["--introspection=off"]).await;
    assert!(app.anonymous().send(query, Value::Null).await["data"]["__schema"].is_null());
    let answer = app.anonymous().send("{ mee { id } }", Value::Null).await.to_string();
    assert!(!answer.contains("Did you mean"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_required_variable_nothing_is_executed() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let query = "query Me { me { id } } mutation Out($input: LogoutInput!) { a: logout { ended } b: logout(input: $input) { ended } }";
    for variables in [json!({}), json!(null), json!({ "input": null })] {
        let body = json!({ "query": query, "operationName": "Out", "variables": variables });
        let answer = ada.post(body.to_string()).header("accept", GRAPHQL).send().await.expect("an answer");
        assert_eq!(code(answer).await, (StatusCode::BAD_REQUEST, json!("BAD_USER_INPUT")), "{variables}");
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let body = json!({ "query": query, "operationName": "Me" }).to_string();
    let answer: Value = ada.post(body).send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer["data"]["me"]["id"].is_string(), "the other operation needs none: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_is_never_executed_more_often_than_it_is_answered() {
    let app = TestApp::start().await;
    let mut ada = app.registered("ada@example.com").await;
    let out = "logout { ended }";
    for query in [
        format!("mutation {{ {out} {out} }}"),
        format!("mutation {{ {out} ...F }} fragment F on Mutation {{ {out} }}"),
        format!("mutation {{ ...F ...F }} fragment F on Mutation {{ {out} }}"),
        format!("mutation {{ ... on Mutation {{ {out} }} ... {{ {out} }} }}"),
    ] {
        let answer = ada.send(&query, Value::Null).await;
        assert_eq!(answer, json!({ "data": { "logout": { "ended": true } } }), "{query}");
        assert!(ada.is_signed_in().await.is_err(), "{query}");
        ada = ada.login("ada@example.com").await;
    }
    let different = format!("mutation {{ a: {out} a: revokeOtherSessions {{ __typename }} }}");
    let answer = ada.post(json!({ "query": different }).to_string()).header("accept", GRAPHQL);
    let answer = answer.send().await.expect("an answer");
    assert_eq!(code(answer).await, (StatusCode::BAD_REQUEST, json!("GRAPHQL_VALIDATION_FAILED")));
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let answer =
        ada.send(&format!("mutation {{ ...F b: {out} }} fragment F on Mutation {{ a: {out} }}"), Value::Null).await;
    assert_eq!(answer["data"], json!({ "a": { "ended": true }, "b": { "ended": false } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_operation_has_is_not_quoted() {
    let app = TestApp::start().await;
    for query in ["{ __typename }", "query A { __typename } query B { __typename }"] {
        let body = json!({ "query": query, "operationName": PASSWORD }).to_string();
        let answer = app.anonymous().post(body).send().await.expect("an answer").text().await.expect("a text");
        assert!(answer.contains("BAD_USER_INPUT") && !answer.contains(PASSWORD), "{answer}");
    }
}
