//! The discovery document (RFC 8414).

use poem::http::StatusCode;
use portcullis::use_cases::keys::rotate;
use serde_json::{Value, json};

use crate::support::TestApp;

const PATH: &str = "/.well-known/oauth-authorization-server";

async fn document(app: &TestApp, path: &str) -> Value {
    let answer = app.anonymous().http.get(app.url(path)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/json");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_leads_to_the_keys_and_nothing_else_is_claimed() {
    let app = TestApp::with(&["--issuer=https://auth.example.com"]).await;
    let expected = json!({
        "issuer": "https://auth.example.com",
        "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
        "response_types_supported": [],
        "access_token_signing_alg_values_supported": ["EdDSA"],
    });
    assert_eq!(document(&app, PATH).await, expected);
    for other in ["/.well-known/openid-configuration", &format!("{PATH}/"), &format!("{PATH}/tenant")] {
        let answer = app.anonymous().http.get(app.url(other)).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{other}");
    }
    let token = app.registered("ada@example.com").await.access_token().to_owned();
    let claims = token.split('.').nth(1).expect("claims");
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["iss"], expected["issuer"], "letter for letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_with_a_path_has_the_document_between_host_and_path() {
    for (issuer, keys) in [
        ("https://example.com/auth", "https://example.com/auth/.well-known/jwks.json"),
        ("https://example.com/a/tenant-1/", "https://example.com/a/tenant-1/.well-known/jwks.json"),
    ] {
        let app = TestApp::with(&[&format!("--issuer={issuer}")]).await;
        let path = issuer.strip_prefix("https://example.com").expect("a path").trim_end_matches('/');
        for place in [format!("{PATH}{path}"), PATH.to_owned()] {
            let found = document(&app, &place).await;
            assert_eq!((&found["issuer"], &found["jwks_uri"]), (&json!(issuer), &json!(keys)), "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_whose_path_looks_like_a_pattern_matches_nothing_else() {
    for issuer in [
        "https://example.com/:tenant",
        "https://example.com/*rest",
        "https://example.com/a%2Fb",
        "https://example.com/<x>",
    ] {
        let app = TestApp::with(&[&format!("--issuer={issuer}")]).await;
        assert_eq!(document(&app, PATH).await["issuer"], issuer);
        let answer = app.anonymous().http.get(app.url(&format!("{PATH}/other"))).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{issuer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_kept_and_read_as_the_keys_are() {
    let app = TestApp::start().await;
    let http = app.anonymous().http.clone();
    let get = async |known: &str| {
        let request =
            http.get(app.url(PATH)).header("if-none-match", known).header("origin", "https://elsewhere.example");
        request.send().await.expect("an answer")
    };
    let first = get("\"another\"").await;
    let header = |name: &str| first.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(
        (header("cache-control").as_str(), header("access-control-allow-origin").as_str()),
        ("public, max-age=300", "*")
    );
    let tag = header("etag");
    assert_eq!(get(&tag).await.status(), StatusCode::NOT_MODIFIED.as_u16());
    assert_eq!(get(&format!("\"x\", W/{tag}")).await.status(), 304);
    let head = http.head(app.url(PATH)).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), head.headers()["etag"].to_str().expect("text")), (200, tag.as_str()));
    let post = http.post(app.url(PATH)).send().await.expect("an answer");
    assert_eq!((post.status().as_u16(), post.headers()["allow"].to_str().expect("text")), (405, "GET, HEAD"));

    // Both are published during a change of the algorithm.
    rotate(&app.console(&["--signing-algorithm=ES256"]).operator()).await.expect("a rotation");
    portcullis::use_cases::keys::maintain(&app.app).await.expect("maintenance");
    let changed = document(&app, PATH).await;
    assert_eq!(changed["access_token_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    assert_eq!(get(&tag).await.status(), 200);
}
