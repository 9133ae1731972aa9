//! Registering.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

fn outcome(answer: &Value) -> &str {
    answer["data"]["register"]["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_makes_an_account_and_signs_it_in() {
    let app = TestApp::start().await;
    let input = json!({ "email": "Ada@Example.COM", "password": PASSWORD, "username": "Ada" });
    let answer = app.anonymous().try_register(input).await;
    let success = &answer["data"]["register"];
    assert_json_snapshot!(success, {
        ".user.id" => "[id]",
        ".session.id" => "[id]",
        ".tokens.accessToken" => "[JWT]",
        ".tokens.refreshToken" => insta::dynamic_redaction(|token, _| token.as_str().expect("a token")[..4].to_owned()),
        ".deviceToken" => "[token]",
    }, @r#"
    {
      "__typename": "RegisterSuccess",
      "deviceToken": "[token]",
      "session": {
        "createdAt": "2026-01-01T00:00:00Z",
        "current": true,
        "expiresAt": "2026-01-31T00:00:00Z",
        "id": "[id]",
        "ipAddress": "127.0.0.1",
        "lastUsedAt": "2026-01-01T00:00:00Z",
        "userAgent": "tests/1.0"
      },
      "tokens": {
        "accessToken": "[JWT]",
        "accessTokenExpiresAt": "2026-01-01T00:10:00Z",
        "refreshToken": "pcr_",
        "tokenType": "Bearer"
      },
      "user": {
        "createdAt": "2026-01-01T00:00:00Z",
        "email": "Ada@example.com",
        "id": "[id]",
        "roles": [],
        "username": "Ada"
      }
    }
    "#);

    let token = success["tokens"]["accessToken"].as_str().expect("a token");
    let me = app.anonymous().with_token(token).me().await;
    assert_eq!(me["data"]["me"], success["user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_password_and_no_token() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let dump = "SELECT (SELECT string_agg(a::text, ' ') FROM accounts a) || (SELECT string_agg(p::text, ' ') FROM passwords p) \
         || (SELECT string_agg(s::text, ' ') FROM sessions s)";
    let rows: String = app.database.operator.query_one(dump, &[]).await.expect("rows").get(0);
    assert!(rows.contains("$argon2id$v=19$m=64,t=1,p=1$"), "{rows}");
    let mac = client.refresh_token().rsplit('.').next().expect("a MAC");
    for secret in [PASSWORD, client.access_token(), client.refresh_token(), mac] {
        assert!(!rows.contains(secret), "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_or_username_of_another_is_taken_in_any_case() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let first = json!({ "email": "ada@example.com", "password": PASSWORD, "username": "ada" });
    assert_eq!(outcome(&client.try_register(first).await), "RegisterSuccess");

    let answer = client.try_register(json!({ "email": "ADA@EXAMPLE.COM", "password": PASSWORD })).await;
    assert_eq!(outcome(&answer), "EmailTaken");
    assert_eq!(answer["data"]["register"]["code"], "EMAIL_TAKEN");

    let second = json!({ "email": "eve@example.com", "password": PASSWORD, "username": "ADA" });
    let answer = client.try_register(second).await;
    assert_eq!(outcome(&answer), "UsernameTaken");
    assert_eq!(answer["data"]["register"]["code"], "USERNAME_TAKEN");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_an_input_is_told_at_once() {
    let app = TestApp::start().await;
    let input = json!({ "email": "nobody", "password": "short", "username": "a@b" });
    let answer = app.anonymous().try_register(input).await;
    let register = &answer["data"]["register"];
    let faults = register["fields"].as_array().expect("fields").iter();
    let faults: Vec<_> =
        faults.map(|fault| format!("{} {} {}", fault["path"], fault["code"], fault["message"])).collect();
    assert_snapshot!(faults.join("\n"), @r#"
    ["input","email"] "INVALID_FORMAT" "This is not an e-mail address."
    ["input","username"] "INVALID_FORMAT" "A username has letters a to z, digits and . - _ and begins and ends with a letter or digit."
    ["input","password"] "TOO_SHORT" "A password has at least 8 characters."
    "#);
    assert_eq!(register["code"], "INVALID_INPUT");

    let answer = app.anonymous().try_register(json!({ "email": "nobody", "password": "password1" })).await;
    let fields = &answer["data"]["register"]["fields"];
    assert_eq!(fields[0]["code"], "INVALID_FORMAT");
    assert_eq!(fields.as_array().map(Vec::len), Some(1), "how weak a password is is judged when all else is in order");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_easily_guessed_password_is_refused_with_advice() {
    let app = TestApp::start().await;
    for password in ["password", "ada.lovelace", "portcullis"] {
        let answer =
            app.anonymous().try_register(json!({ "email": "ada.lovelace@example.com", "password": password })).await;
        assert_eq!(outcome(&answer), "WeakPassword", "{password}");
        assert_eq!(answer["data"]["register"]["code"], "WEAK_PASSWORD");
        assert!(answer["data"]["register"]["suggestions"].as_array().is_some_and(|list| !list.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_postgresql_would_choke_on_is_refused_as_input() {
    let app = TestApp::start().await;
    for email in ["a\0da@example.com", "ada@example.com\u{0}", "\u{202e}ada@example.com"] {
        let answer =
            app.anonymous().try_register(json!({ "email": email, "password": PASSWORD, "username": "a\0b" })).await;
        assert_eq!(outcome(&answer), "InvalidInput", "{email:?}");
    }
    // A password is hashed, not stored: any character is good.
    let odd = "correct \0 horse \u{202e} battery";
    let answer = app.anonymous().try_register(json!({ "email": "ada@example.com", "password": odd })).await;
    assert_eq!(outcome(&answer), "RegisterSuccess");
    assert_eq!(app.anonymous().try_login("ada@example.com", odd).await["data"]["login"]["__typename"], "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_an_operator_sets_show_in_me_and_in_new_tokens() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    app.database.execute("UPDATE accounts SET roles = '{admin,staff}'").await;
    assert_eq!(client.me().await["data"]["me"]["roles"], json!(["admin", "staff"]));
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(
        app.anonymous().login("ada@example.com").await.access_token(),
    );
    assert_eq!(claims.expect("a JWT").claims["roles"], json!(["admin", "staff"]));
}
