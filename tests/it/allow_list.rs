//! Registered documents, and no others.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::persisted::{LOGIN, ME, apollo, code, post, sha256, with};
use crate::support::app::SECRET;
use crate::support::process::run;
use crate::support::{PASSWORD, TestApp};

/// A file of this content, which is removed with this.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(content: &Value) -> Self {
        let path = std::env::temp_dir().join(format!("portcullis-manifest-{}.json", uuid::Uuid::new_v4()));
        std::fs::write(&path, content.to_string()).expect("a file");
        Self(path)
    }

    pub(crate) fn flag(&self) -> String {
        format!("--persisted-documents={}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A document and its name as graphql-codegen's client preset wrote them (`persistedDocuments: true`).
const SHA1: &str = "cabec788422f9f9ac0d545ecfc7868f9eb5b75c9";
const TWO: &str = "query One { a: __typename }\nquery Two { b: __typename }";

#[tokio::test(flavor = "multi_thread")]
async fn only_registered_documents_are_answered() {
    let manifest = File::new(&json!({ SHA1: LOGIN, sha256(ME): ME, "x-app:two": TWO }));
    let flags = ["--persisted-queries=only", &manifest.flag(), "--env=development", "--introspection=on"];
    let app = TestApp::with(&flags).await;
    let client = app.anonymous();
    let input = json!({ "input": { "identifier": "ada@example.com", "password": PASSWORD } });
    for named in [
        json!({ "documentId": SHA1 }),
        json!({ "documentId": format!("sha256:{SHA1}") }),
        json!({ "documentId": format!("sha256:{}", sha256(LOGIN)) }),
        apollo(SHA1),
        apollo(&sha256(LOGIN)),
        json!({ "query": LOGIN }),
        with(apollo(SHA1), "query", LOGIN),
        with(apollo(&sha256(LOGIN)), "query", LOGIN),
    ] {
        let answer = post(&client, &with(named.clone(), "variables", input.clone())).await;
        assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{named}: {answer}");
        assert_eq!(code(&client, &named).await, "BAD_USER_INPUT", "without its variable: {named}");
    }
    for (body, expected) in [
        (json!({ "query": "{ __typename }" }), "QUERY_NOT_IN_SAFELIST"),
        (json!({ "query": format!("{LOGIN} ") }), "QUERY_NOT_IN_SAFELIST"),
        (json!({ "query": include_str!("support/introspection.graphql") }), "QUERY_NOT_IN_SAFELIST"),
        (json!({ "query": "" }), "QUERY_NOT_IN_SAFELIST"),
        (json!({ "query": "{" }), "QUERY_NOT_IN_SAFELIST"),
        (with(apollo(&sha256("{ __typename }")), "query", "{ __typename }"), "QUERY_NOT_IN_SAFELIST"),
        // Registered, under another name.
        (with(apollo(SHA1), "query", ME), "QUERY_NOT_IN_SAFELIST"),
        (with(apollo(SHA1), "query", "{ __typename }"), "QUERY_NOT_IN_SAFELIST"),
        (apollo(&sha256("{ __typename }")), "PERSISTED_QUERY_NOT_IN_LIST"),
        (json!({ "documentId": "" }), "PERSISTED_QUERY_NOT_IN_LIST"),
        (json!({ "documentId": "__proto__" }), "PERSISTED_QUERY_NOT_IN_LIST"),
    ] {
        for _ in 0..2 {
            assert_eq!(code(&client, &body).await, expected, "{body}");
        }
    }
    let two = json!({ "documentId": "x-app:two", "operationName": "Two" });
    assert_eq!(post(&client, &two).await["data"], json!({ "b": "Query" }));
    assert_eq!(code(&client, &json!({ "documentId": "x-app:two" })).await, "BAD_USER_INPUT");
    let page = client.http.get(app.url("/")).send().await.expect("an answer");
    assert_eq!(page.status(), 404, "GraphiQL could ask nothing");
}

#[test]
fn a_document_that_would_be_refused_stops_the_start_and_is_named() {
    let deep = format!("query Deep {} id {}", "{ me ".repeat(40), "}".repeat(40));
    let heavy = format!("query Heavy {{ me {{ {} }} }}", "sessions(first: 100) { nodes { id } } ".repeat(20));
    let manifest = File::new(&json!({
        "hash-good": ME,
        "hash-broken": "query Broken { me { id }",
        "hash-old": "query Old { you { id } }",
        "hash-deep": deep,
        "hash-heavy": heavy,
        "hash-bomb": "query Bomb { ...a } fragment a on Query { ...a }",
        "hash-none": "",
    }));
    let database = [("DATABASE_URL", "postgres://ada:hunter2@127.0.0.1:1/x"), ("PORTCULLIS_SECRET", SECRET)];
    let start = |file: &str| {
        let flags = ["serve", "--listen=127.0.0.1:0", "--persisted-queries=only", file];
        let (status, out, errors) = run(&flags, &database);
        assert!(!status.success() && out.is_empty(), "{out}{errors}");
        errors
    };
    let errors = start(&manifest.flag());
    for line in [
        "Broken (hash-broken): ",
        "Old (hash-old): Unknown field \"you\"",
        "Deep (hash-deep): At most 32 levels",
        "Heavy (hash-heavy): At most 2500 units of complexity",
        "Bomb (hash-bomb): The fragment a spreads itself",
        "an operation without a name (hash-none): ",
    ] {
        assert!(errors.contains(&format!("\n  {line}")), "{line}: {errors}");
    }
    assert!(!errors.contains("hash-good") && !errors.contains("hunter2"), "{errors}");
    for (content, why) in [
        (json!(["hunter2"]), "is not a JSON object from hash to document"),
        (json!({ "hash": ["hunter2"] }), "is not a JSON object from hash to document"),
        (json!({}), "registers no document"),
    ] {
        let manifest = File::new(&content);
        let errors = start(&manifest.flag());
        assert!(errors.contains("PORTCULLIS_PERSISTED_DOCUMENTS") && errors.contains(why), "{content}: {errors}");
        assert!(!errors.contains("hunter2"), "what the file says is not told: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_mutation_is_not_executed_by_get() {
    let manifest = File::new(&json!({ SHA1: LOGIN, sha256(ME): ME, "x-app:two": TWO }));
    let app = TestApp::with(&["--persisted-queries=only", &manifest.flag()]).await;
    let ada = app.anonymous();
    let get = async |parameters: &[(&str, &str)]| {
        let url = reqwest::Url::parse_with_params(&ada.url, parameters).expect("a URL");
        let answer = ada.http.get(url).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let variables = json!({ "input": { "identifier": "ada@example.com", "password": PASSWORD } }).to_string();
    let (status, answer) = get(&[("documentId", SHA1), ("variables", &variables)]).await;
    assert_eq!((status, &answer["data"]), (405, &Value::Null), "{answer}");
    let (status, answer) = get(&[("documentId", &sha256(ME))]).await;
    assert_eq!((status, &answer["errors"][0]["extensions"]["reason"]), (200, &json!("TOKEN_MISSING")), "{answer}");
    assert_eq!(
        get(&[("documentId", "x-app:two"), ("operationName", "Two")]).await.1,
        json!({ "data": { "b": "Query" } })
    );
    let (_, answer) = get(&[("query", "{ me { id } }")]).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST", "{answer}");
}
