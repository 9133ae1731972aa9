//! The example, by HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Served, config};
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::postmaster;
use crate::support::{Client, PASSWORD};

/// What is asked in one operation: ours, a list of ours, and the application's.
const ALL: &str = "{ me { email } sessions: me { sessions { nodes { current } } } notes }";

async fn get(served: &Served, path: &str, client: &Client) -> (StatusCode, String) {
    let request = client.http.get(format!("{}{path}", served.url));
    let request = client.authorization.iter().fold(request, |request, value| request.header("authorization", value));
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("text"))
}

/// The code of each error, with its reason.
fn codes(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| (text(&error["extensions"]["code"]), text(&error["extensions"]["reason"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_refuses_our_fields_and_those_of_the_application() {
    let database = TestDatabase::new().await;
    let served = Served::example(config(&database, &[])).await;
    let anonymous = served.client("/auth");
    let refused = ("UNAUTHENTICATED", "TOKEN_MISSING");
    let answer = anonymous.send(ALL, Value::Null).await;
    assert_eq!(answer["data"], json!({ "me": null, "sessions": null, "notes": null }), "{answer}");
    assert_eq!(codes(&answer), [refused; 3], "{answer}");
    let answer = anonymous.send("mutation { addNote(text: \"mine\") }", Value::Null).await;
    assert_eq!((&answer["data"]["addNote"], codes(&answer)), (&Value::Null, vec![refused]), "{answer}");
    assert_eq!(get(&served, "/hello", &anonymous).await.0, StatusCode::UNAUTHORIZED);

    let ada = anonymous.register("ada@example.com").await;
    let eve = anonymous.register("eve@example.com").await;
    for (client, text, number) in [(&ada, "buy milk", 1), (&eve, "buy salt", 1), (&ada, "buy more", 2)] {
        let add = "mutation Add($text: String!) { addNote(text: $text) }";
        let answer = client.send(add, json!({ "text": text })).await;
        assert_eq!(answer, json!({ "data": { "addNote": number } }));
    }
    let answer = ada.send(ALL, Value::Null).await;
    let expected = json!({
        "me": { "email": "ada@example.com" },
        "sessions": { "sessions": { "nodes": [{ "current": true }] } },
        "notes": ["buy milk", "buy more"],
    });
    assert_eq!(answer, json!({ "data": expected }));
    assert_eq!(get(&served, "/hello", &ada).await, (StatusCode::OK, "Hello, ada@example.com.\n".to_owned()));
    let (status, summary) = get(&served, "/summary", &ada).await;
    let expected = json!({ "data": { "me": { "email": "ada@example.com" }, "notes": ["buy milk", "buy more"] } });
    assert_eq!((status, serde_json::from_str::<Value>(&summary).expect("JSON")), (StatusCode::OK, expected));

    assert!(ada.logout().await);
    let revoked = ("UNAUTHENTICATED", "SESSION_REVOKED");
    let answer = ada.send(ALL, Value::Null).await;
    assert_eq!(answer["data"], json!({ "me": null, "sessions": null, "notes": null }), "{answer}");
    assert_eq!(codes(&answer), [revoked; 3], "{answer}");
    assert_eq!(codes(&ada.send("mutation { addNote(text: \"mine\") }", Value::Null).await), [revoked]);
    assert_eq!(get(&served, "/hello", &ada).await.0, StatusCode::UNAUTHORIZED);
    let (_, summary) = get(&served, "/summary", &ada).await;
    assert_eq!(codes(&serde_json::from_str(&summary).expect("JSON")), [revoked; 2], "{summary}");
    assert_eq!(get(&served, "/hello", &eve).await.0, StatusCode::OK, "nobody else is signed out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_of_the_application_is_refused_by_get() {
    let database = TestDatabase::new().await;
    let served = Served::example(config(&database, &[])).await;
    let ada = served.client("/auth").register("ada@example.com").await;
    let mutation = "/auth/graphql?query=mutation%7BaddNote(text:%22mine%22)%7D";
    let (status, answer) = get(&served, mutation, &ada).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{answer}");
    let (status, answer) = get(&served, "/auth/graphql?query=%7Bnotes%7D", &ada).await;
    assert_eq!((status, &*answer), (StatusCode::OK, "{\"data\":{\"notes\":[]}}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_routes_are_found_below_the_path_and_lead_there() {
    let database = TestDatabase::new().await;
    for issuer in ["http://localhost:8080/auth", "http://localhost:8080"] {
        let settings = [("PORTCULLIS_GRAPHIQL", "on"), ("PORTCULLIS_ISSUER", issuer)];
        let served = Served::example(config(&database, &settings)).await;
        let anonymous = served.client("/auth");
        for path in [
            "/auth/health/live",
            "/auth/health/ready",
            "/auth/.well-known/jwks.json",
            "/auth/graphql?query=%7B__typename%7D",
        ] {
            assert_eq!(get(&served, path, &anonymous).await.0, StatusCode::OK, "{path}");
        }
        for path in ["/graphql", "/health/ready", "/auth/nowhere", "/"] {
            assert_eq!(get(&served, path, &anonymous).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let at_root = issuer.strip_prefix("http://localhost:8080").expect("a path");
        for path in [
            "/auth/.well-known/oauth-authorization-server",
            &format!("/.well-known/oauth-authorization-server{at_root}"),
        ] {
            let (status, found) = get(&served, path, &anonymous).await;
            let found: Value = serde_json::from_str(&found).unwrap_or_default();
            assert_eq!((status, &found["issuer"]), (StatusCode::OK, &json!(issuer)), "{path}");
            assert_eq!(found["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
        }
        // As a browser sees it, on either address of the page.
        for page in ["/auth", "/auth/", "/auth?query=%7Bnotes%7D"] {
            let address = reqwest::Url::parse(&format!("{}{page}", served.url)).expect("an address");
            let (status, html) = get(&served, page, &anonymous).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let loaded: Vec<_> = html.split('"').filter(|part| part.contains("graphiql/graphiql.")).collect();
            assert_eq!(loaded.len(), 2, "{html}");
            for name in loaded {
                let url = address.join(name).expect("an address");
                assert_eq!(get(&served, url.path(), &anonymous).await.0, StatusCode::OK, "{issuer} {page} {name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_the_clients_address_and_security_headers_are_those_of_the_server() {
    let database = TestDatabase::new().await;
    let served = Served::example(config(&database, &[("PORTCULLIS_COOKIES", "on")])).await;
    let there = served.client("/auth").at("127.0.0.7");
    let register = "mutation ($input: RegisterInput!) { register(input: $input) { ... on RegisterSuccess { \
        session { ipAddress } tokens { refreshToken } } } }";
    let input = json!({ "email": "ada@example.com", "password": PASSWORD, "transport": "COOKIE" });
    let body = json!({ "query": register, "variables": { "input": input } }).to_string();
    let answer = there.post(body).send().await.expect("an answer");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.headers().contains_key("x-request-id"));
    let set: Vec<_> =
        answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("text").to_owned()).collect();
    assert!(
        set.len() == 2 && set.iter().all(|cookie| cookie.starts_with("__Host-") && cookie.contains("Path=/;")),
        "{set:?}"
    );
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["data"]["register"]["session"]["ipAddress"], "127.0.0.7", "{answer}");
    let cookies = set.iter().map(|cookie| cookie.split(';').next().expect("a pair")).collect::<Vec<_>>().join("; ");
    let refresh = "mutation { refreshToken { __typename } }";
    let body = json!({ "query": refresh }).to_string();
    let answer = there.post(body).header("cookie", cookies).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["data"]["refreshToken"]["__typename"], "RefreshTokenSuccess", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_database_starts_and_stops_with_the_application() {
    let dir = watched_dir("embedding");
    let settings = [
        ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_EMAIL_VERIFICATION", "off"),
    ];
    let served = Served::example(portcullis::Config::from_settings(settings).expect("settings of the test")).await;
    served.client("/auth").register("ada@example.com").await;
    assert!(postmaster(&dir).is_some());
    drop(served.stop);
    served.task.await.expect("its end");
    assert_eq!(postmaster(&dir), None);
}
