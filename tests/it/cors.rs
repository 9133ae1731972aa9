//! Which pages of other origins may read answers.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::support::TestApp;

const APP: &str = "https://app.example.com";
const DEV: &str = "http://localhost:5173";
const LISTED: &str = "--allowed-origins=https://app.example.com, http://localhost:5173";

/// Origins that look like the ones in the list.
const FOREIGN: [&str; 15] = [
    "https://evil.example",
    "null",
    "*",
    "",
    "https://app.example.com.evil.com",
    "https://evil-app.example.com",
    "https://sub.app.example.com",
    "https://example.com",
    "https://app.example.com:8443",
    "https://app.example.com:443",
    "http://app.example.com",
    "https://App.example.com",
    "https://app.example.com/",
    "https://app.example.com, http://localhost:5173",
    "http://localhost:51730",
];

async fn preflight(app: &TestApp, origin: &str, method: &str, headers: &str) -> Response {
    let request = app.anonymous().http.request(Method::OPTIONS, app.url("/graphql")).header("origin", origin);
    let request =
        request.header("access-control-request-method", method).header("access-control-request-headers", headers);
    request.send().await.expect("an answer")
}

async fn post(app: &TestApp, origin: Option<&str>) -> Response {
    let request = app.anonymous().post(json!({ "query": "{ __typename }" }).to_string());
    let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
    request.send().await.expect("an answer")
}

/// The header, `""` if there is none.
fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}

fn says_nothing(response: &Response) -> bool {
    !response.headers().keys().any(|name| name.as_str().starts_with("access-control-"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_origin_may_send_what_clients_send() {
    let app = TestApp::with(&["--cookies=on", LISTED]).await;
    for origin in [APP, DEV] {
        let response = preflight(&app, origin, "POST", "authorization,content-type").await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&response, "access-control-allow-origin"), origin);
        assert_eq!(header(&response, "access-control-allow-credentials"), "true");
        assert_eq!(header(&response, "access-control-allow-methods"), "POST");
        assert_eq!(header(&response, "access-control-max-age"), "7200");
        assert_eq!(header(&response, "vary"), "Origin");
        let allowed: Vec<&str> = header(&response, "access-control-allow-headers").split(", ").collect();
        for name in ["authorization", "content-type", "x-request-id", "apollographql-client-name"] {
            assert!(allowed.contains(&name), "{allowed:?}");
        }
        assert_eq!(response.bytes().await.expect("a body").len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_origin_reads_answers_refusals_too() {
    let app = TestApp::with(&["--cookies=on", LISTED]).await;
    let refused = app.anonymous().http.post(app.url("/graphql")).header("origin", APP).body("x");
    for response in [post(&app, Some(APP)).await, refused.send().await.expect("an answer")] {
        assert_eq!(header(&response, "access-control-allow-origin"), APP);
        assert_eq!(header(&response, "access-control-allow-credentials"), "true");
        assert_eq!(header(&response, "access-control-expose-headers"), "x-request-id, retry-after");
        assert_eq!(header(&response, "vary"), "Origin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_origin_is_told_nothing() {
    let app = TestApp::with(&["--cookies=on", LISTED]).await;
    for origin in FOREIGN {
        let response = preflight(&app, origin, "POST", "content-type").await;
        assert!(
            says_nothing(&response) && response.status() == StatusCode::METHOD_NOT_ALLOWED,
            "{origin}: {response:?}"
        );
        assert_eq!(header(&response, "vary"), "Origin");
        let response = post(&app, Some(origin)).await;
        assert!(says_nothing(&response) && response.status() == StatusCode::OK, "{origin}: {response:?}");
        assert_eq!(header(&response, "vary"), "Origin");
    }
    let request = app.anonymous().post(json!({ "query": "{ __typename }" }).to_string());
    let twice = request.header("origin", APP).header("origin", "https://evil.example").send().await.expect("an answer");
    assert!(says_nothing(&twice), "{twice:?}");
    let none = post(&app, None).await;
    assert!(says_nothing(&none) && header(&none, "vary") == "Origin", "{none:?}");
}

/// The browser compares what is asked for with what is answered, which is the same whatever was asked.
#[tokio::test(flavor = "multi_thread")]
async fn another_method_or_header_is_not_among_those_allowed() {
    let app = TestApp::with(&[LISTED]).await;
    for (method, headers) in
        [("DELETE", "content-type"), ("GET", "content-type"), ("POST", "x-evil, content-type"), ("*", "*")]
    {
        let response = preflight(&app, APP, method, headers).await;
        assert_eq!(header(&response, "access-control-allow-methods"), "POST", "{method}");
        let allowed = header(&response, "access-control-allow-headers");
        assert!(!allowed.contains("x-evil") && !allowed.contains('*'), "{allowed}");
    }
    let get = app.anonymous().http.get(app.url("/graphql?query=%7B__typename%7D")).header("origin", APP);
    assert_eq!(
        get.send().await.expect("an answer").status(),
        StatusCode::METHOD_NOT_ALLOWED,
        "a GET needs no preflight"
    );
    // Without the method that is asked for it is no preflight.
    let options = app.anonymous().http.request(Method::OPTIONS, app.url("/graphql")).header("origin", APP);
    assert_eq!(options.send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_there_are_no_credentials_and_without_a_list_no_cors() {
    let app = TestApp::with(&[LISTED]).await;
    for response in [preflight(&app, APP, "POST", "content-type").await, post(&app, Some(APP)).await] {
        assert_eq!(header(&response, "access-control-allow-origin"), APP);
        assert_eq!(header(&response, "access-control-allow-credentials"), "");
    }
    let app = TestApp::with(&["--cookies=on"]).await;
    for origin in [APP, DEV, "http://localhost:8080", "null"] {
        assert!(says_nothing(&preflight(&app, origin, "POST", "content-type").await), "{origin}");
        assert!(says_nothing(&post(&app, Some(origin)).await), "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn public_keys_are_for_every_page_and_the_rest_for_none() {
    let app = TestApp::with(&["--cookies=on", "--graphiql=on", LISTED]).await;
    for path in ["/", "/health/live", "/health/ready", "/revocations", "/nowhere", "/.well-known/jwks.json"] {
        let response = app.anonymous().http.get(app.url(path)).header("origin", APP).send().await.expect("an answer");
        let allowed = header(&response, "access-control-allow-origin");
        assert_eq!(allowed, if path.contains("jwks") { "*" } else { "" }, "{path}");
        assert_eq!(header(&response, "access-control-allow-credentials"), "", "{path}");
    }
}
