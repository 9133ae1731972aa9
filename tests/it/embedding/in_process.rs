//! Operations from within the process, and who sent a request.

use portcullis::async_graphql::{Request, Variables};
use portcullis::poem::http::{HeaderMap, HeaderValue, header};
use portcullis::{NotSignedIn, Portcullis, Reason, Sender};
use serde_json::{Value, json};

use super::config;
use crate::support::PASSWORD;
use crate::support::database::TestDatabase;

const REGISTER: &str = "mutation ($input: RegisterInput!) { register(input: $input) { __typename ... on RegisterSuccess { \
    user { id } session { id ipAddress userAgent } tokens { accessToken } } } }";

const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }";

async fn execute(portcullis: &Portcullis, document: &str, variables: Value, sender: &Sender) -> Value {
    let request = Request::new(document).variables(Variables::from_json(variables));
    json!(portcullis.execute(request, sender).await)
}

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
    }
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_within_the_process() {
    let database = TestDatabase::new().await;
    let portcullis = Portcullis::start(config(&database, &[])).await.expect("an instance");
    let input = json!({ "input": { "email": "ada@example.com", "password": PASSWORD } });
    let mut asked = headers(&[]);
    asked.insert(header::USER_AGENT, HeaderValue::from_static("a robot"));
    let sender = Sender::with_headers(&asked).at("192.0.2.7".parse().expect("an address"));
    let answer = execute(&portcullis, REGISTER, input, &sender).await;
    let registered = &answer["data"]["register"];
    assert_eq!(registered["session"]["ipAddress"], "192.0.2.7", "{answer}");
    assert_eq!(registered["session"]["userAgent"], "a robot", "{answer}");
    let token = registered["tokens"]["accessToken"].as_str().expect("a token");
    let ada = Sender::with_token(token);
    assert_eq!(
        execute(&portcullis, "{ me { id } }", Value::Null, &ada).await["data"]["me"]["id"],
        registered["user"]["id"]
    );

    let bearer = format!("Bearer {token}");
    let caller = portcullis.authenticate(&headers(&[&bearer])).await.expect("a caller");
    assert_eq!(caller.account_id().to_string(), registered["user"]["id"]);
    assert_eq!(caller.session_id().to_string(), registered["session"]["id"]);
    assert_eq!((caller.email(), caller.username(), caller.roles().len()), ("ada@example.com", None, 0));
    assert!(!format!("{ada:?}").contains(token), "a token is not printed");

    let logout = execute(&portcullis, "mutation { logout { ended } }", Value::Null, &ada).await;
    assert_eq!(logout, json!({ "data": { "logout": { "ended": true } } }));
    let answer = execute(&portcullis, "{ me { id } }", Value::Null, &ada).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{answer}");
    let refused = portcullis.authenticate(&headers(&[&bearer])).await;
    assert_eq!(refused.expect_err("a refusal"), NotSignedIn::Unauthenticated(Reason::SessionRevoked));
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_good_token_is_nobody() {
    let database = TestDatabase::new().await;
    let portcullis = Portcullis::start(config(&database, &[])).await.expect("an instance");
    for (values, reason) in [
        (&[][..], Reason::TokenMissing),
        (&["Bearer x"], Reason::TokenInvalid),
        (&["Basic x"], Reason::TokenInvalid),
        (&["Bearer a.b.c", "Bearer a.b.c"], Reason::TokenInvalid),
    ] {
        let headers = headers(values);
        let refused = portcullis.authenticate(&headers).await.expect_err("a refusal");
        assert_eq!(refused, NotSignedIn::Unauthenticated(reason), "{values:?}");
        let answer = execute(&portcullis, "{ me { id } }", Value::Null, &Sender::with_headers(&headers)).await;
        assert_eq!(answer["errors"][0]["extensions"]["reason"], reason.as_str(), "{values:?}");
    }
    let answer = execute(&portcullis, "{ me { id } }", Value::Null, &Sender::with_token("two\nlines")).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "TOKEN_INVALID");
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_by_the_address_that_is_named() {
    let database = TestDatabase::new().await;
    let limits = [("PORTCULLIS_RATE_LIMITS", "on")];
    let portcullis = Portcullis::start(config(&database, &limits)).await.expect("an instance");
    let here = Sender::anonymous().at("192.0.2.7".parse().expect("an address"));
    let mut last = String::new();
    for round in 0..500 {
        let input = json!({ "input": { "identifier": format!("ada{round}@example.com"), "password": "wrong" } });
        let answer = execute(&portcullis, LOGIN, input, &here).await;
        last = answer["data"]["login"]["__typename"].as_str().unwrap_or_default().to_owned();
        if last == "RateLimited" {
            break;
        }
    }
    assert_eq!(last, "RateLimited");
    let there = Sender::anonymous().at("198.51.100.7".parse().expect("an address"));
    let input = json!({ "input": { "identifier": "eve@example.com", "password": "wrong" } });
    let answer = execute(&portcullis, LOGIN, input, &there).await;
    assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{answer}");
    portcullis.stop().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_may_be_named_by_its_hash() {
    let database = TestDatabase::new().await;
    let portcullis = Portcullis::start(config(&database, &[])).await.expect("an instance");
    let document = "{ __typename }";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.as_bytes());
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let named = |text: &str| -> Request {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        serde_json::from_value(json!({ "query": text, "extensions": extensions })).expect("a request")
    };
    let sender = Sender::anonymous();
    let answer = json!(portcullis.execute(named(""), &sender).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{answer}");
    for text in [document, ""] {
        let answer = json!(portcullis.execute(named(text), &sender).await);
        assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
    }
    let answer = json!(portcullis.execute(named("{ me { id } }"), &sender).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    let answer = json!(portcullis.execute("", &sender).await);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    portcullis.stop().await.expect("an end");
}
