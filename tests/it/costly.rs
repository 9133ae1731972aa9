//! Passwords whose strength is costly to estimate. It is estimated only where it is needed, and never without being
//! counted.

use serde_json::{Value, json};

use crate::support::raw::{Raw, post};
use crate::support::{TestApp, until};

/// The password for which zxcvbn takes longest.
const COSTLY: &str = "4@8({[<4@8({[<4@8({[<4@8({[<4@8({";

/// A server all of whose hashing threads and places are taken for a long while.
async fn busy() -> (TestApp, Vec<Raw>) {
    let slow = ["--argon2-memory-kib=400000", "--argon2-iterations=40", "--hashing-threads=1", "--hashing-queue=1"];
    let app = TestApp::with(&[slow.as_slice(), &["--max-aliases=1000", "--max-root-fields=1000"]].concat()).await;
    let login = "mutation { login(input: { identifier: \"nobody\", password: \"a wrong password\" }) { __typename } }";
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let mut raw = Raw::connect(app.address).await;
        raw.send(&post(&json!({ "query": login }).to_string())).await;
        waiting.push(raw);
    }
    until("no place is left", async || {
        let answer = app.anonymous().try_login("nobody", "a wrong password").await;
        answer["errors"][0]["extensions"]["code"] == "SERVER_BUSY"
    })
    .await;
    (app, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_registration_needs_no_hashing_thread() {
    let (app, _waiting) = busy().await;
    for (input, path) in [
        (json!({ "email": "nobody", "password": COSTLY }), "email"),
        (json!({ "email": "ada@example.com", "password": COSTLY, "username": "a@b" }), "username"),
        (json!({ "email": "ada@example.com", "password": "short" }), "password"),
        (json!({ "email": "ada@example.com", "password": "x".repeat(300) }), "password"),
    ] {
        let answer = app.anonymous().try_register(input).await;
        let register = &answer["data"]["register"];
        assert_eq!(register["__typename"], "InvalidInput", "{answer}");
        assert_eq!(register["fields"].as_array().map(Vec::len), Some(1), "{answer}");
        assert_eq!(register["fields"][0]["path"], json!(["input", path]), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_invalid_registrations_in_documents_need_none_either() {
    let (app, _waiting) = busy().await;
    let mut told = 0;
    for _ in 0..50 {
        let fields: String = (0..20)
            .map(|number| {
                format!("a{number}: register(input: {{ email: \"nobody\", password: \"{COSTLY}\" }}) {{ __typename }} ")
            })
            .collect();
        let answer = app.anonymous().send(&format!("mutation {{ {fields} }}"), Value::Null).await;
        let data = answer["data"].as_object().unwrap_or_else(|| panic!("{answer}"));
        told += data.values().filter(|field| field["__typename"] == "InvalidInput").count();
    }
    assert_eq!(told, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_of_a_wrong_length_is_told_before_anything_is_compared() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-attempts=3/1h", "--limit-login=2/1h"]).await;
    let ada = app.registered("ada@example.com").await;
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    for _ in 0..10 {
        let input = json!({ "currentPassword": "a wrong password", "newPassword": "short" });
        let answer = ada.send(query, json!({ "i": input })).await;
        assert_eq!(answer["data"]["changePassword"]["__typename"], "InvalidInput", "it costs nothing: {answer}");
    }
    // Only the owner may learn its strength, so it is estimated after the current password was right.
    for expected in ["InvalidCredentials", "InvalidCredentials", "RateLimited"] {
        let input = json!({ "currentPassword": "a wrong password", "newPassword": "password" });
        let answer = ada.send(query, json!({ "i": input })).await;
        assert_eq!(answer["data"]["changePassword"]["__typename"], expected, "{answer}");
    }
}
