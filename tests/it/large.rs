//! Values of a megabyte, where the settings permit them. They are refused for their length, with the ordinary
//! answers.

use portcullis::use_cases::service_keys;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

const MEGABYTE: usize = 1024 * 1024;

async fn app() -> TestApp {
    TestApp::with(&["--max-body-bytes=4194304", "--max-header-bytes=1048576"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_a_megabyte_is_refused() {
    let app = app().await;
    let ada = app.registered("ada@example.com").await;
    for password in ["x".repeat(MEGABYTE), "\u{1100}".repeat(MEGABYTE / 3), format!("{PASSWORD}{}", "\0".repeat(4097))]
    {
        let answer = app.anonymous().try_login("ada@example.com", &password).await;
        assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{answer}");
        let answer = app.anonymous().try_register(json!({ "email": "eve@example.com", "password": password })).await;
        assert_eq!(answer["data"]["register"]["__typename"], "InvalidInput", "{answer}");
        let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
        for (input, expected) in [
            (json!({ "currentPassword": password, "newPassword": "another horse battery" }), "InvalidCredentials"),
            (json!({ "currentPassword": PASSWORD, "newPassword": password }), "InvalidInput"),
        ] {
            let answer = ada.send(change, json!({ "i": input })).await;
            assert_eq!(answer["data"]["changePassword"]["__typename"], expected, "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_of_a_megabyte_is_nobodys() {
    let app = app().await;
    let long = "x".repeat(MEGABYTE);
    for identifier in [long.clone(), format!("{long}@example.com"), format!("ada@{long}")] {
        let answer = app.anonymous().try_login(&identifier, PASSWORD).await;
        assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{answer:.200}");
        let answer = app.anonymous().try_register(json!({ "email": identifier, "password": PASSWORD })).await;
        assert_eq!(answer["data"]["register"]["__typename"], "InvalidInput", "{answer:.200}");
        assert!(answer.to_string().len() < 1000, "it is not quoted");
    }
    let input = json!({ "email": "ada@example.com", "password": PASSWORD, "username": long });
    let answer = app.anonymous().try_register(input).await;
    assert_eq!(answer["data"]["register"]["fields"][0]["path"], json!(["input", "username"]), "{answer:.200}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_of_a_megabyte_is_invalid() {
    let app = app().await;
    let ada = app.registered("ada@example.com").await;
    for token in
        ["x".repeat(MEGABYTE), format!("{}{}", ada.refresh_token(), "A".repeat(MEGABYTE)), "pcr_".repeat(MEGABYTE / 4)]
    {
        let answer = app.anonymous().try_refresh(&token).await;
        assert_eq!(answer["__typename"], "InvalidRefreshToken", "{answer:.200}");
        assert!(!app.anonymous().logout_with(&token).await);
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_of_nearly_a_megabyte_is_invalid() {
    let app = app().await;
    let ada = app.registered("ada@example.com").await;
    let (_, key) =
        service_keys::create(&app.console(&[]).operator(), "a test").await.expect("a database").expect("a name");
    let filler = "A".repeat(MEGABYTE - 16_384);
    for token in [filler.clone(), format!("{}{filler}", ada.access_token()), format!("{}.{filler}.x", &filler[..9000])]
    {
        if token.len() >= MEGABYTE {
            continue;
        }
        assert_eq!(app.anonymous().with_token(&token).is_signed_in().await, Err("TOKEN_INVALID".into()));
    }
    let key = format!("{}{filler}", key.expose());
    let stream = app.anonymous().http.get(app.url("/revocations")).bearer_auth(key).send().await.expect("an answer");
    assert_eq!(stream.status(), 401);
    let over = Client { authorization: vec![format!("Bearer {}", "A".repeat(MEGABYTE))], ..app.anonymous() };
    let answer = over.post(json!({ "query": "{ __typename }", "variables": Value::Null }).to_string()).send().await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 431), "the headers are too large");
}
