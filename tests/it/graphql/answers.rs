//! The form of answers: every object that was selected is there, with the keys in the order of the document.

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

/// A login that fails, with these selections on its outcome.
fn failing_login(selections: &str) -> String {
    format!("login(input: {{ identifier: \"nobody\", password: \"no password of anybody\" }}) {{ {selections} }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_which_nothing_is_selected_is_empty_and_not_null() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let no = json!({ "s": false });
    for (document, variables, data) in [
        ("query($s: Boolean!) { me @include(if: $s) { id } }", no.clone(), json!({})),
        ("query($s: Boolean!) { me { id @include(if: $s) } }", no.clone(), json!({ "me": {} })),
        ("query($s: Boolean!) { me { ... @include(if: $s) { id } } }", no.clone(), json!({ "me": {} })),
        ("query($s: Boolean!) { ...f @include(if: $s) } fragment f on Query { me { id } }", no.clone(), json!({})),
        ("{ me @skip(if: true) { id } }", Value::Null, json!({})),
        ("{ me { ...f } } fragment f on User { id @skip(if: true) }", Value::Null, json!({ "me": {} })),
        (
            "query($s: Boolean!) { me { sessions { nodes { id @include(if: $s) } pageInfo { ... @skip(if: true) { hasNextPage } } } } }",
            no.clone(),
            json!({ "me": { "sessions": { "nodes": [{}], "pageInfo": {} } } }),
        ),
        ("mutation($s: Boolean!) { logout @include(if: $s) { ended } }", no.clone(), json!({})),
        ("{ __schema { queryType @skip(if: true) { name } } }", Value::Null, json!({ "__schema": {} })),
        ("{ __type(name: \"Nothing\") { name } }", Value::Null, json!({ "__type": null })),
    ] {
        // The second time the document is known.
        for _ in 0..2 {
            assert_eq!(ada.send(document, variables.clone()).await, json!({ "data": data }), "{document}");
        }
    }
    for selections in [
        "... on LoginSuccess { user { id } }",
        "... on LoginSuccess { __typename }",
        "...f",
        "... on UserError { code @skip(if: true) }",
    ] {
        let fragment = if selections == "...f" { "fragment f on LoginSuccess { deviceToken }" } else { "" };
        let document = format!("mutation {{ {} }} {fragment}", failing_login(selections));
        assert_eq!(ada.send(&document, Value::Null).await, json!({ "data": { "login": {} } }), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_in_the_order_of_the_document_whatever_is_resolved_first() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let failed = failing_login("... on LoginSuccess { y: __typename } ... on UserError { message } y: __typename");
    for (document, order) in [
        ("{ me { sessions { nodes { current } } roles } again: __typename }".to_owned(), "me sessions nodes current roles again"),
        ("{ me { a: roles ...f b: roles } } fragment f on User { c: sessions { nodes { d: current } } a: roles }".into(), "me a c nodes d b"),
        ("{ me { a: roles sessions { pageInfo { hasNextPage } } } me { roles sessions { nodes { current } pageInfo { hasPreviousPage } } } }".into(), "me a sessions pageInfo hasNextPage hasPreviousPage nodes current roles"),
        (format!("mutation {{ {failed} b: __typename }}"), "login message y b"),
    ] {
        let body = json!({ "query": document }).to_string();
        let answer = ada.post(body).send().await.expect("an answer").text().await.expect("text");
        let keys = answer.split('"').zip(answer.split('"').skip(1)).filter(|(_, after)| !after.is_empty());
        let keys: Vec<&str> = keys.map(|(key, _)| key).filter(|key| order.split(' ').any(|known| known == *key)).collect();
        assert_eq!(keys.join(" "), order, "{document}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_selected_twice_is_answered_and_fails_once() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let document = "{ me { ...f sessions(first: 1000) { nodes { current } } } } \
        fragment f on User { sessions(first: 1000) { nodes { id } } }";
    let answer = ada.send(document, Value::Null).await;
    assert_eq!(answer["data"], json!({ "me": { "sessions": null } }), "{answer}");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["me", "sessions"]), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_sees_or_makes_the_alias_that_holds_an_empty_object() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for alias in ["__typename", "_", "__", "type", "__hidden"] {
        let document = format!(
            "mutation($i: LoginInput!) {{ login(input: $i) {{ ... on LoginSuccess {{ {alias}: deviceToken }} \
             ... on UserError {{ {alias}: message }} }} }}"
        );
        let input = json!({ "identifier": "ada@example.com", "password": "wrong" });
        let answer = ada.send(&document, json!({ "i": input })).await;
        // A type that may be null and one that may not can't be merged.
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        let document =
            format!("mutation($i: LoginInput!) {{ login(input: $i) {{ ... on UserError {{ {alias}: message }} }} }}");
        let answer = ada.send(&document, json!({ "i": input })).await;
        assert_eq!(answer["data"]["login"].as_object().map(|login| login.len()), Some(1), "{answer}");
        assert!(answer["data"]["login"][alias].as_str().is_some_and(|text| text.contains(' ')), "{answer}");
        let answer =
            ada.send(&document, json!({ "i": { "identifier": "ada@example.com", "password": PASSWORD } })).await;
        assert_eq!(answer, json!({ "data": { "login": {} } }));
    }
}
