//! What programs send, which is JSON, ids and headers, and what operators set.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn half_a_surrogate_pair_is_no_text_wherever_it_stands() {
    let app = TestApp::start().await;
    let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
    for half in ["\\ud800", "\\udc00", "\\udfff\\ud800", "\\ud83dx"] {
        let variables = |identifier: &str, password: &str| {
            format!(
                r#"{{"query":"{query}","variables":{{"i":{{"identifier":"{identifier}","password":"{password}"}}}}}}"#
            )
        };
        for body in [
            format!(r#"{{"query":"{{ __typename }} # {half}"}}"#),
            format!(r#"{{"query":"{{ __typename }}","operationName":"{half}"}}"#),
            format!(r#"{{"query":"{{ __typename }}","variables":{{"{half}":1}}}}"#),
            format!(r#"{{"query":"{{ __typename }}","extensions":{{"x":"{half}"}}}}"#),
            variables(half, "x"),
            variables("ada", half),
        ] {
            let response = app.anonymous().post(body.clone()).send().await.expect("an answer");
            assert_eq!(response.status(), 400, "{body}");
            let answer: Value = response.json().await.expect("JSON");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}: {answer}");
        }
        // The same as an escape of GraphQL's own.
        let document =
            format!("mutation {{ login(input: {{ identifier: \"{half}\", password: \"x\" }}) {{ __typename }} }}");
        let answer = app.anonymous().send(&document, Value::Null).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED", "{document}: {answer}");
    }
    let whole = r#"{"query":"{ __typename }","extensions":{"x":"\ud83d\ude00"}}"#;
    assert_eq!(app.anonymous().post(whole.to_owned()).send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_cursors_are_uuids_in_any_spelling_and_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let id = ada.session_id().to_owned();
    let sessions = "query($after: String) { me { sessions(after: $after) { nodes { id } } } }";
    let revoke = "mutation($id: ID!) { revokeSession(input: { id: $id }) { __typename ... on RevokeSessionSuccess { endedSessionId } } }";
    for odd in [
        "",
        "\0",
        "7",
        "\u{202e}",
        "x\r\ny",
        "\u{661}".repeat(36).as_str(),
        &format!("{id}\0"),
        &format!(" {id}"),
        &"a".repeat(9999),
    ] {
        let answer = ada.send(sessions, json!({ "after": odd })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{odd:?}: {answer}");
        let answer = ada.send(revoke, json!({ "id": odd })).await;
        assert_eq!(answer["data"]["revokeSession"]["__typename"], "SessionNotFound", "{odd:?}: {answer}");
    }
    let spellings: [fn(&str) -> String; 4] =
        [|id| id.to_uppercase(), |id| id.replace('-', ""), |id| format!("{{{id}}}"), |id| format!("urn:uuid:{id}")];
    for spell in spellings {
        app.clock.advance(Duration::from_secs(1));
        let phone = app.anonymous().login("ada@example.com").await;
        let other = phone.session_id();
        let answer = ada.send(sessions, json!({ "after": spell(other) })).await;
        assert_eq!(answer["data"]["me"]["sessions"]["nodes"], json!([{ "id": id }]), "{answer}");
        let answer = ada.send(revoke, json!({ "id": spell(other) })).await;
        assert_eq!(answer["data"]["revokeSession"]["endedSessionId"], other, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_agent_is_kept_without_what_can_not_be_seen() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let query = "mutation($i: LoginInput!) { login(input: $i) { ... on LoginSuccess { session { userAgent } } } }";
    let body =
        json!({ "query": query, "variables": { "i": { "identifier": "ada@example.com", "password": PASSWORD } } });
    for (sent, kept) in [
        ("Mozilla/5.0 (X11) Ünï\u{4f60}\u{1f600}".as_bytes(), json!("Mozilla/5.0 (X11) Ünï\u{4f60}\u{1f600}")),
        ("a\u{202e}b\u{2066}c\u{200f}d\u{61c}e".as_bytes(), json!("abcde")),
        ("a\u{200b}b\u{200d}c\u{feff}d\u{ad}e\u{2060}f".as_bytes(), json!("abcdef")),
        ("a\u{2028}b\u{2029}c\u{85}d\u{9b}31me".as_bytes(), json!("abcd31me")),
        ("a\u{e0041}b\u{fe0f}c\u{fff9}d".as_bytes(), json!("abcd")),
        (b"a\xff\xfeb\xc3", json!("a\u{fffd}\u{fffd}b\u{fffd}")),
        ("\u{202e}\u{200b}".as_bytes(), json!(null)),
        (b"  ", json!(null)),
        (b"<script>alert(1)</script>'\"--", json!("<script>alert(1)</script>'\"--")),
    ] {
        let sent = reqwest::header::HeaderValue::from_bytes(sent).expect("a header");
        let request = app.anonymous().post(body.to_string()).header("user-agent", sent);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["login"]["session"]["userAgent"], kept, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_the_operators_text_to_the_letter() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let roles = ["a\"b\\c", "x\ny", "\u{202e}admin", "ádmin", " admin "];
    let update = "UPDATE accounts SET roles = $1";
    app.database.operator.execute(update, &[&roles.as_slice()]).await.expect("an update");
    let ada = app.anonymous().login("ada@example.com").await;
    assert_eq!(ada.user()["roles"], json!(roles));
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(ada.access_token()).expect("a JWT").claims;
    assert_eq!(claims["roles"], json!(roles));
}
#[tokio::test(flavor = "multi_thread")]
async fn of_two_values_of_one_name_the_last_counts() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
    for (passwords, outcome) in [(["wrong", PASSWORD], "LoginSuccess"), ([PASSWORD, "wrong"], "InvalidCredentials")] {
        let [first, last] = passwords;
        let input = format!(r#"{{"identifier":"ada@example.com","password":"{first}","password":"{last}"}}"#);
        let body = format!(r#"{{"query":"{query}","variables":{{"i":{input}}}}}"#);
        let answer: Value = app.anonymous().post(body).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["login"]["__typename"], outcome, "{answer}");
    }
}
