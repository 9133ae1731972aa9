//! Which pages of other origins may read answers.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

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
        assert_eq!(header(&response, "access-control-allow-methods"), "GET, POST");
        assert_eq!(header(&response, "access-control-max-age"), "7200");
        assert_eq!(header(&response, "vary"), "Origin");
        assert_eq!(header(&response, "access-control-allow-headers"), "authorization, content-type");
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

/// The browser compares its method with those that are answered.
#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_not_among_those_allowed() {
    let app = TestApp::with(&[LISTED]).await;
    for method in ["DELETE", "PUT", "GET", "*", "post"] {
        let response = preflight(&app, APP, method, "content-type").await;
        assert_eq!(header(&response, "access-control-allow-methods"), "GET, POST", "{method}");
    }
    // Without the method that is asked for it is no preflight.
    let options = app.anonymous().http.request(Method::OPTIONS, app.url("/graphql")).header("origin", APP);
    assert_eq!(options.send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
}

/// What a page may send beside a request is the page's affair: tracers, clients and applications have headers of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_listed_origin_may_send_the_headers_that_it_asks_for() {
    let app = TestApp::with(&[LISTED]).await;
    for (asked, allowed) in [
        ("baggage,content-type,sentry-trace", "baggage, content-type, sentry-trace"),
        ("Authorization, X-Datadog-Trace-Id,b3", "authorization, x-datadog-trace-id, b3"),
        ("x-!#$%&'+.^_`|~9", "x-!#$%&'+.^_`|~9"),
        (" content-type ,, x-a,", "content-type, x-a"),
    ] {
        let response = preflight(&app, APP, "POST", asked).await;
        assert_eq!(header(&response, "access-control-allow-headers"), allowed, "{asked}");
        let vary = response.headers().get_all("vary").iter().map(|value| value.to_str().expect("text"));
        assert_eq!(vary.collect::<Vec<_>>().join(", "), "Origin, Access-Control-Request-Headers", "{asked}");
    }
    // The addresses of clients are for proxies to tell, and `*` would mean every header.
    let response = preflight(&app, APP, "POST", "x-a,X-Forwarded-For,forwarded,*,x-b").await;
    assert_eq!(header(&response, "access-control-allow-headers"), "x-a, x-b");
    let long = vec!["x-a"; 2000].join(",");
    for malformed in ["x a", "x-a, b:c", "x-a\u{e9}", "\"x\"", "x-a;y", &long, "", "*", "x-forwarded-for"] {
        let response = preflight(&app, APP, "POST", malformed).await;
        assert_eq!(header(&response, "access-control-allow-headers"), "", "{malformed:.40}");
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{malformed:.40}");
    }
    let request = app.anonymous().http.request(Method::OPTIONS, app.url("/graphql")).header("origin", APP);
    let request = request.header("access-control-request-method", "POST");
    let twice = request.header("access-control-request-headers", "x-a").header("access-control-request-headers", "x-b");
    assert_eq!(header(&twice.send().await.expect("an answer"), "access-control-allow-headers"), "");
}

/// Every header that the server reads, as a page of a listed origin may set it: none lets it have more than without. (Browsers set
/// `Cookie`, `Origin`, `Host` and `Sec-Fetch-Site` themselves, and let no page do so.)
#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_page_gives_it_more_than_its_token() {
    let app =
        TestApp::with(&["--cookies=on", "--allowed-origins=https://app.example.com", "--trusted-proxies=10.0.0.0/8"])
            .await;
    let ada = app.registered("ada@example.com").await;
    let id = ada.user_id();
    for (name, value) in [
        ("x-http-method-override", "GET"),
        ("x-http-method", "DELETE"),
        ("x-forwarded-for", "10.9.9.9"),
        ("forwarded", "for=10.9.9.9"),
        ("x-real-ip", "10.9.9.9"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/revocations"),
        ("x-rewrite-url", "/revocations"),
        ("x-portcullis-refresh", "pcr_x"),
        ("__host-portcullis-refresh", "pcr_x"),
        ("x-request-id", "chosen-by-the-page"),
        ("user-agent", "chosen by the page"),
        ("last-event-id", "0"),
        ("if-none-match", "*"),
        ("range", "bytes=0-0"),
        ("accept-encoding", "gzip"),
    ] {
        for (client, signed_in) in [(&*ada, true), (&app.anonymous(), false)] {
            let request = client.post(json!({ "query": "{ me { id } }" }).to_string()).header(name, value);
            let response = request.header("origin", APP).send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            assert_eq!(header(&response, "access-control-allow-origin"), APP, "{name}");
            assert_eq!(header(&response, "cache-control"), "no-store", "{name}");
            let answer: serde_json::Value = response.json().await.expect("JSON");
            assert_eq!(answer["data"]["me"]["id"] == id, signed_in, "{name}: {answer}");
        }
        let login = "mutation($input: LoginInput!) { login(input: $input) { __typename } }";
        let variables = json!({ "input": { "identifier": "ada@example.com", "password": PASSWORD } });
        let body = json!({ "query": login, "variables": variables }).to_string();
        let response = app.anonymous().post(body).header(name, value).header("origin", APP).send().await;
        let answer: serde_json::Value = response.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "{name}: {answer}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM sessions WHERE ip_address = '10.9.9.9'").await, 0);
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
    for path in [
        "/",
        "/health/live",
        "/health/ready",
        "/revocations",
        "/nowhere",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    ] {
        let response = app.anonymous().http.get(app.url(path)).header("origin", APP).send().await.expect("an answer");
        let allowed = header(&response, "access-control-allow-origin");
        assert_eq!(allowed, if path.contains("well-known") { "*" } else { "" }, "{path}");
        assert_eq!(header(&response, "access-control-allow-credentials"), "", "{path}");
    }
}
