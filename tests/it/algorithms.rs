//! The algorithms of access tokens, as services see them that verify tokens.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use portcullis::tokens::lifecycle::{ACTIVATION_DELAY, State};
use portcullis::use_cases::keys::{list, maintain};
use serde_json::Value;

use crate::support::TestApp;

const SIGNING_ALGORITHMS: &str = "SELECT count(DISTINCT algorithm) FROM keys WHERE purpose = 'access_token'";

async fn jwks(app: &TestApp) -> Value {
    let answer = app.anonymous().http.get(app.url("/.well-known/jwks.json")).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

fn algorithm(token: &str) -> Algorithm {
    jsonwebtoken::decode_header(token).expect("a header").alg
}

/// Verifies a token like a service that has only the JWKS.
fn claims(jwks: &Value, token: &str) -> jsonwebtoken::errors::Result<Value> {
    let jwks: JwkSet = serde_json::from_value(jwks.clone())?;
    let header = jsonwebtoken::decode_header(token)?;
    let jwk = jwks.find(header.kid.as_deref().expect("a kid")).expect("the key");
    let published = jwk.common.key_algorithm.expect("alg").to_string().parse()?;
    let mut validation = Validation::new(published);
    validation.set_audience(&["portcullis"]);
    validation.set_issuer(&["http://localhost:8080"]);
    // The manual clock stands in the past.
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(jwk)?, &validation).map(|data| data.claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_each_algorithm_verify_by_the_published_key() {
    let cases = [
        ("EdDSA", Algorithm::EdDSA, &["alg", "crv", "kid", "kty", "use", "x"][..]),
        ("ES256", Algorithm::ES256, &["alg", "crv", "kid", "kty", "use", "x", "y"]),
        ("RS256", Algorithm::RS256, &["alg", "e", "kid", "kty", "n", "use"]),
    ];
    for (name, expected, members) in cases {
        let app = TestApp::with(&["--signing-algorithm", name]).await;
        let ada = app.registered("ada@example.com").await;
        let token = ada.access_token();
        assert_eq!(algorithm(token), expected);
        assert_eq!(ada.is_signed_in().await, Ok(()), "{name}");

        let jwks = jwks(&app).await;
        let key = jwks["keys"][0].as_object().expect("a key");
        let found: BTreeSet<&str> = key.keys().map(String::as_str).collect();
        assert_eq!(found, members.iter().copied().collect(), "nothing is missing, and no private part is there");
        assert_eq!((key["alg"].as_str(), key["use"].as_str()), (Some(name), Some("sig")));
        let kind = (key["kty"].as_str().expect("kty"), key.get("crv").and_then(Value::as_str));
        assert!([("OKP", Some("Ed25519")), ("EC", Some("P-256")), ("RSA", None)].contains(&kind), "{kind:?}");
        let lengths: Vec<_> = ["x", "y", "n", "e"].iter().filter_map(|name| key.get(*name)?.as_str()).collect();
        assert!(lengths.iter().all(|text| [43, 342, 4].contains(&text.len())), "32 or 256 bytes, 65537: {lengths:?}");

        assert_eq!(claims(&jwks, token).expect("a good token")["sub"], ada.user_id());
        let (rest, signature) = token.rsplit_once('.').expect("a signature");
        let broken = format!("{rest}.{}", signature.chars().rev().collect::<String>());
        assert!(claims(&jwks, &broken).is_err());
        assert_eq!(ada.with_token(&broken).is_signed_in().await, Err("TOKEN_INVALID".into()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_algorithm_takes_over_and_tokens_of_before_stay_good() {
    let app = TestApp::with(&["--access-token-ttl=1d"]).await;
    let ada = app.registered("ada@example.com").await;
    let TestApp { database, clock, .. } = app;
    let url = database.url.clone();
    let flags = ["--access-token-ttl=1d", "--signing-algorithm=ES256"];
    let app = TestApp::at(database, &url, &flags, clock.clone(), clock.clock()).await;
    assert_eq!(algorithm(app.anonymous().login("ada@example.com").await.access_token()), Algorithm::EdDSA, "not yet");
    clock.advance(ACTIVATION_DELAY);
    let new = app.anonymous().login("ada@example.com").await;
    assert_eq!(algorithm(new.access_token()), Algorithm::ES256);
    let jwks = jwks(&app).await;
    for token in [ada.access_token(), new.access_token()] {
        assert_eq!(app.anonymous().with_token(token).is_signed_in().await, Ok(()));
        assert!(claims(&jwks, token).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_with_another_algorithm_make_one_key() {
    let app = TestApp::start().await;
    for name in ["RS256", "ES256"] {
        let flags = ["--signing-algorithm", name];
        join_all((0..6).map(|_| app.instance(&flags))).await;
    }
    let keys = list(&app.console(&[]).operator()).await.expect("a list");
    let found: Vec<_> = keys.iter().map(|key| (key.algorithm.as_str(), key.state)).collect();
    assert_eq!(found, [("EdDSA", State::Active), ("RS256", State::Upcoming), ("ES256", State::Upcoming)]);
    assert!(keys.is_sorted_by_key(|key| key.activates_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_of_different_settings_side_by_side_do_not_rotate_back_and_forth() {
    let app = TestApp::start().await;
    let other = app.instance(&["--signing-algorithm=ES256"]).await;
    for _ in 0..3 {
        app.clock.advance(ACTIVATION_DELAY);
        maintain(&app.app).await.expect("maintenance");
        maintain(&other).await.expect("maintenance");
    }
    let keys = list(&app.console(&[]).operator()).await.expect("a list");
    assert_eq!(keys.iter().map(|key| key.algorithm.as_str()).collect::<Vec<_>>(), ["EdDSA", "ES256"]);
    // By age whoever comes first makes it, of the algorithm that is there.
    app.clock.advance(std::time::Duration::from_secs(90 * 24 * 60 * 60));
    maintain(&app.app).await.expect("maintenance");
    maintain(&other).await.expect("maintenance");
    assert_eq!(app.database.count(SIGNING_ALGORITHMS).await, 1);
    assert_eq!(list(&app.console(&[]).operator()).await.expect("a list").len(), 2, "EdDSA is long gone");
}
