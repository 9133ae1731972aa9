//! Variables that are left out, null or defaulted, in every position.

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn include_and_skip_see_the_default_of_a_variable() {
    let app = TestApp::start().await;
    for (document, executed) in [
        ("mutation($b: Boolean = true) { logout @include(if: $b) { ended } }", true),
        ("mutation($b: Boolean! = true) { logout @include(if: $b) { ended } }", true),
        ("mutation($b: Boolean = false) { logout @skip(if: $b) { ended } }", true),
        ("mutation($b: Boolean = true) { ... @include(if: $b) { logout { ended } } }", true),
        ("mutation($b: Boolean = true) { ...f @include(if: $b) } fragment f on Mutation { logout { ended } }", true),
        ("mutation($b: Boolean = true) { ...f } fragment f on Mutation { logout @include(if: $b) { ended } }", true),
        ("mutation($b: Boolean = false) { logout @include(if: $b) { ended } }", false),
        ("mutation($b: Boolean = true) { logout @skip(if: $b) { ended } }", false),
    ] {
        let ada = app.anonymous();
        let ada = if ada.login_type("ada@example.com", PASSWORD).await == "LoginSuccess" {
            ada.login("ada@example.com").await
        } else {
            ada.register("ada@example.com").await
        };
        let answer = ada.send(document, Value::Null).await;
        let data = if executed { json!({ "logout": { "ended": true } }) } else { json!({}) };
        assert_eq!(answer, json!({ "data": data }), "{document}");
        assert_eq!(ada.is_signed_in().await.is_err(), executed, "{document}");
    }
}

/// What comes of a login with this transport, with the cookie switched off: the tokens are in the body, or the transport is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_left_out_leaves_the_default_of_the_schema() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let login = format!("identifier: \"ada@example.com\", password: \"{PASSWORD}\"");
    let client = app.anonymous();
    for (head, field) in [
        ("$t: TokenTransport", "transport: $t"),
        ("$t: TokenTransport = BODY", "transport: $t"),
        ("$t: TokenTransport! = BODY", "transport: $t"),
        ("$t: String", "deviceToken: $t"),
    ] {
        let document = format!("mutation({head}) {{ login(input: {{ {login}, {field} }}) {{ __typename }} }}");
        for _ in 0..2 {
            let answer = client.send(&document, json!({})).await;
            assert_eq!(answer, json!({ "data": { "login": { "__typename": "LoginSuccess" } } }), "{document}");
        }
    }
    // What is null is not left out.
    let document =
        format!("mutation($t: TokenTransport) {{ login(input: {{ {login}, transport: $t }}) {{ __typename }} }}");
    let answer = client.send(&document, json!({ "t": null })).await;
    assert_eq!(answer["data"], json!({ "login": null }), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["login"]), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    // A default of the variable goes before that of the schema, and a value before both.
    let document = format!(
        "mutation($t: TokenTransport = COOKIE) {{ login(input: {{ {login}, transport: $t }}) {{ __typename }} }}"
    );
    assert_eq!(client.send(&document, json!({})).await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let answer = client.send(&document, json!({ "t": "BODY" })).await;
    assert_eq!(answer["data"]["login"]["__typename"], "LoginSuccess", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_whose_variable_is_left_out_is_left_out() {
    let app = TestApp::start().await;
    let mut ada = app.registered("ada@example.com").await;
    for _ in 0..21 {
        ada = ada.login("ada@example.com").await;
    }
    for (document, variables, count) in [
        ("query($n: Int) { me { sessions(first: $n) { nodes { current } } } }", json!({}), 20),
        ("query($n: Int = 3) { me { sessions(first: $n) { nodes { current } } } }", json!({}), 3),
        ("query($n: Int = 3) { me { sessions(first: $n) { nodes { current } } } }", json!({ "n": 2 }), 2),
        ("query($n: Int = 3) { me { sessions(first: $n) { nodes { current } } } }", json!({ "n": 2.0 }), 2),
        (
            "query($a: String, $n: Int = 3) { me { sessions(after: $a, first: $n) { nodes { current } } } }",
            json!({}),
            3,
        ),
    ] {
        for _ in 0..2 {
            let answer = ada.send(document, variables.clone()).await;
            let nodes = answer["data"]["me"]["sessions"]["nodes"].as_array().map(Vec::len);
            assert_eq!(nodes, Some(count), "{document} {variables}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_of_the_wrong_type_is_refused_wherever_it_is_used_and_never_quoted() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let secret = "wr0ng-s3cret";
    for (document, variables) in [
        ("query($n: Int) { me { sessions(first: $n) { nodes { id } } } }", json!({ "n": secret })),
        ("query($n: Int) { me { sessions(first: $n) @skip(if: true) { nodes { id } } } }", json!({ "n": secret })),
        ("query($n: Int) { me { sessions(first: $n) { nodes { id } } } }", json!({ "n": 2.5 })),
        ("query($n: Int) { me { sessions(first: $n) { nodes { id } } } }", json!({ "n": 3_000_000_000_u32 })),
        ("query($n: Int) { me { sessions(first: $n) { nodes { id } } } }", json!({ "n": [1] })),
        ("query($n: String) { me { sessions(after: $n) { nodes { id } } } }", json!({ "n": 5 })),
        ("query($b: Boolean!) { me @skip(if: $b) { id } }", json!({ "b": secret })),
        ("query($b: Boolean!) { me @skip(if: $b) { id } }", json!({ "b": null })),
        ("query($b: Boolean! = true) { me @skip(if: $b) { id } }", json!({ "b": null })),
        ("query($b: Boolean = true) { me { id @skip(if: $b) } }", json!({ "b": null })),
        ("mutation($i: LogoutInput) { logout(input: $i) { ended } }", json!({ "i": { "refreshToken": [secret] } })),
        ("mutation($i: LogoutInput) { logout(input: $i) { ended } }", json!({ "i": { "wr0ng-s3cret": 1 } })),
        ("mutation($i: LogoutInput) { logout(input: $i) { ended } }", json!({ "i": secret })),
        ("mutation($i: LoginInput!) { login(input: $i) { __typename } }", json!({ "i": { "identifier": "a" } })),
        (
            "mutation($t: TokenTransport) { login(input: { identifier: \"a\", password: \"b\", transport: $t }) { __typename } }",
            json!({ "t": secret }),
        ),
        (
            "mutation($i: RevokeSessionInput!) { revokeSession(input: $i) { __typename } }",
            json!({ "i": { "id": 1.5 } }),
        ),
    ] {
        for _ in 0..2 {
            let answer = ada.send(document, variables.clone()).await;
            assert!(answer.get("data").is_none(), "{document} {variables}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{document} {variables}: {answer}");
            assert!(!answer.to_string().contains(secret), "{document}: {answer}");
        }
    }
    assert_eq!(ada.is_signed_in().await, Ok(()));
}
