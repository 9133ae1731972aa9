//! Who gets past `@auth`, and why others do not.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, until};

async fn reason(client: &Client) -> String {
    client.is_signed_in().await.err().unwrap_or_else(|| "none".into())
}

/// A token that `app` itself might have signed.
fn sign(app: &TestApp, header: &Header, claims: &Value) -> String {
    app.app.keys.current().signing(app.app.clock.now()).sign(header, claims).expect("a token")
}

/// Header and claims of a token.
fn parts(token: &str) -> (Header, Value) {
    let data = jsonwebtoken::dangerous::insecure_decode::<Value>(token).expect("a JWT");
    (data.header, data.claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_field_is_null_with_the_reason() {
    let app = TestApp::start().await;
    let answer = app.anonymous().me().await;
    assert_eq!(
        answer,
        json!({
            "data": { "me": null },
            "errors": [{
                "message": "You are not signed in.",
                "locations": [{ "line": 1, "column": 12 }],
                "path": ["me"],
                "extensions": { "code": "UNAUTHENTICATED", "reason": "TOKEN_MISSING" },
            }],
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unguarded_field_beside_it_still_answers() {
    let app = TestApp::start().await;
    let answer = app.anonymous().send("{ a: me { id } __typename b: me { email } }", Value::Null).await;
    assert_eq!(answer["data"], json!({ "a": null, "__typename": "Query", "b": null }));
    let paths: Vec<_> = answer["errors"].as_array().expect("errors").iter().map(|error| &error["path"][0]).collect();
    assert_eq!(json!(paths), json!(["a", "b"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_header_is_invalid() {
    let app = TestApp::start().await;
    let token = app.registered("ada@example.com").await.access_token().to_owned();
    let (head, tail) = token.split_at(token.len() - 4);
    for value in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        "Basic YWRhOnBhc3N3b3Jk".to_owned(),
        token.clone(),
        format!("Bearer {token} {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {head}"),
        format!("Bearer {head}{}", tail.chars().rev().collect::<String>()),
        format!("Bearer {}", "a".repeat(20_000)),
        "Bearer a.b.c".to_owned(),
        "Bearer ..".to_owned(),
    ] {
        let client = Client { authorization: vec![value.clone()], ..app.anonymous() };
        assert_eq!(reason(&client).await, "TOKEN_INVALID", "{value:.60}");
    }
    let lower = Client { authorization: vec![format!("bearer  {token}")], ..app.anonymous() };
    assert_eq!(lower.is_signed_in().await, Ok(()), "the scheme has no case");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_headers_are_invalid_even_if_they_agree() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let value = client.authorization[0].clone();
    let twice = Client { authorization: vec![value.clone(), value], ..Client::clone(&client) };
    assert_eq!(reason(&twice).await, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_expires_to_the_second_by_our_clock() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(client.is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&client).await, "TOKEN_EXPIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_or_audience_is_invalid() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let TestApp { database, .. } = app;
    let url = database.url.clone();
    let other = TestApp::on(database, &url, &["--issuer=https://other.example"]).await;
    assert_eq!(reason(&other.anonymous().with_token(client.access_token())).await, "TOKEN_INVALID");
    let TestApp { database, .. } = other;
    let other = TestApp::on(database, &url, &["--audience=others"]).await;
    assert_eq!(reason(&other.anonymous().with_token(client.access_token())).await, "TOKEN_INVALID");
    let TestApp { database, .. } = other;
    let same = TestApp::on(database, &url, &[]).await;
    assert_eq!(
        same.anonymous().with_token(client.access_token()).is_signed_in().await,
        Ok(()),
        "the database has the keys"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_signed_by_another_key_is_invalid() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let (header, claims) = parts(client.access_token());
    let stranger = TestApp::start().await;
    let forged = sign(&stranger, &header, &claims);
    assert_eq!(reason(&app.anonymous().with_token(&forged)).await, "TOKEN_INVALID");

    // The public key as an HMAC secret (RFC 8725 section 2.1), and no algorithm at all.
    let jwks: Value = serde_json::from_str(&app.app.keys.current().jwks(app.app.clock.now()).body).expect("JSON");
    let x = jwks["keys"][0]["x"].as_str().expect("a key");
    let confused = Header { alg: Algorithm::HS256, ..header.clone() };
    for secret in [x.as_bytes().to_vec(), base64_decode(x)] {
        let forged = jsonwebtoken::encode(&confused, &claims, &EncodingKey::from_secret(&secret)).expect("a token");
        assert_eq!(reason(&app.anonymous().with_token(&forged)).await, "TOKEN_INVALID");
    }
    let payload = client.access_token().split('.').nth(1).expect("claims");
    for none in ["eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJOT05FIiwidHlwIjoiYXQrand0In0"] {
        assert_eq!(reason(&app.anonymous().with_token(&format!("{none}.{payload}."))).await, "TOKEN_INVALID");
    }
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

#[tokio::test(flavor = "multi_thread")]
async fn header_fields_that_are_not_ours_are_invalid() {
    let app = TestApp::start().await;
    let (header, claims) = parts(app.registered("ada@example.com").await.access_token());
    let signed = |header: Header| {
        let token = sign(&app, &header, &claims);
        app.anonymous().with_token(&token)
    };
    assert_eq!(signed(header.clone()).is_signed_in().await, Ok(()), "the control");
    let typed = |typ: Option<&str>| Header { typ: typ.map(str::to_owned), ..header.clone() };
    assert_eq!(signed(typed(Some("application/at+JWT"))).is_signed_in().await, Ok(()), "RFC 9068 section 4");
    for header in [
        typed(None),
        typed(Some("JWT")),
        typed(Some("logout+jwt")),
        typed(Some("application/")),
        Header { crit: Some(vec!["exp".into()]), ..header.clone() },
        Header { crit: Some(vec!["b64".into()]), ..header.clone() },
        Header { crit: Some(Vec::new()), ..header.clone() },
        Header { kid: None, ..header.clone() },
        Header { kid: Some("another".into()), ..header.clone() },
    ] {
        assert_eq!(reason(&signed(header.clone())).await, "TOKEN_INVALID", "{header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_are_missing_or_of_another_kind_are_invalid() {
    let app = TestApp::start().await;
    let (header, claims) = parts(app.registered("ada@example.com").await.access_token());
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        let token = sign(&app, &header, &claims);
        app.anonymous().with_token(&token)
    };
    for name in ["iss", "aud", "sub", "sid", "exp"] {
        let mut claims = claims.clone();
        claims.as_object_mut().expect("claims").remove(name);
        let token = sign(&app, &header, &claims);
        assert_eq!(reason(&app.anonymous().with_token(&token)).await, "TOKEN_INVALID", "without {name}");
        assert_eq!(reason(&with(name, json!([["x"]]))).await, "TOKEN_INVALID", "odd {name}");
    }
    assert_eq!(reason(&with("nbf", json!("soon"))).await, "TOKEN_INVALID");
    assert_eq!(reason(&with("nbf", json!(4_000_000_000_i64))).await, "TOKEN_INVALID");
    assert_eq!(with("nbf", json!(1)).is_signed_in().await, Ok(()));
    // A session of somebody else's does not make its holder somebody else.
    assert_eq!(reason(&with("sub", json!("00000000-0000-7000-8000-000000000000"))).await, "SESSION_REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_in_any_way_is_revoked() {
    let endings = [
        "UPDATE sessions SET revoked_at = now()",
        "UPDATE sessions SET expires_at = '2026-01-01T00:00:00.000001Z'",
        "DELETE FROM sessions",
        "UPDATE accounts SET disabled_at = now()",
        "DELETE FROM accounts",
    ];
    for ending in endings {
        let app = TestApp::start().await;
        let client = app.registered("ada@example.com").await;
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(client.is_signed_in().await, Ok(()));
        assert_eq!(app.database.execute(ending).await, 1);
        // Nobody told this instance but the database.
        until(ending, async || client.is_signed_in().await == Err("SESSION_REVOKED".into())).await;
    }
}
