//! Documents that ask for too much are refused before they cost anything, with an error that names the bound.

use std::time::Duration;

use portcullis::clock::Stopwatch;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// The code of a refusal, and the bound with its value.
async fn refusal(client: &Client, body: Value) -> (String, Value, Value) {
    let answer = tokio::time::timeout(Duration::from_secs(20), client.post(body.to_string()).send()).await;
    let answer: Value = answer.expect("an answer in time").expect("an answer").json().await.expect("JSON");
    assert!(answer["data"].is_null(), "{answer}");
    assert!(answer.to_string().len() < 10_000, "a long answer: {}", answer.to_string().len());
    let error = &answer["errors"][0]["extensions"];
    let code = error["code"].as_str().unwrap_or_else(|| panic!("no code: {answer}")).to_owned();
    (code, error["bound"].clone(), error["limit"].clone())
}

async fn over(client: &Client, document: &str) -> (Value, Value) {
    let (code, bound, limit) = refusal(client, json!({ "query": document })).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{document:.100}");
    (bound, limit)
}

/// `how` for each number below `count`, one after another.
fn each(count: usize, how: impl Fn(usize) -> String) -> String {
    (0..count).map(how).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bound_is_told_with_its_number() {
    let app = TestApp::with(&["--max-body-bytes=1000000"]).await;
    let client = app.anonymous();
    let login = "login(input: { identifier: \"a\", password: \"b\" }) { __typename }";
    let fragments = "fragment f on Query { a: __typename b: __typename }";
    for (document, bound, limit) in [
        (format!("{{ {} }}", "__typename ".repeat(2000)), "tokens", 2000),
        (format!("{{ me(a: {}", "[".repeat(64)), "nested brackets", 64),
        (format!("{{ {} }}", each(10_000, |n| format!("a{n}: __typename "))), "tokens", 2000),
        (format!("{{ me {{ {} }} }}", each(51, |n| format!("a{n}: id "))), "aliases", 50),
        (format!("{{ {} }} {fragments}", each(26, |_| "...f ".into())), "aliases", 50),
        (format!("{{ {} }}", "__typename ".repeat(21)), "root fields", 20),
        (format!("mutation {{ {} }}", each(20, |n| format!("a{n}: {login} "))), "root fields", 20),
        (format!("{{ me {{ id {} }} }}", "@skip(if: false) ".repeat(6)), "directives in one place", 5),
        (format!("{{ me {{ id {} }} }}", "@x ".repeat(900)), "directives in one place", 5),
        (format!("query {} {{ __typename }}", "@x ".repeat(6)), "directives in one place", 5),
        (format!("query($a: Int {}) {{ __typename }}", "@x ".repeat(6)), "directives in one place", 5),
        (format!("{{ ...f }} fragment f on Query {} {{ __typename }}", "@x ".repeat(6)), "directives in one place", 5),
        (format!("{{ ... {} {{ __typename }} }}", "@x ".repeat(6)), "directives in one place", 5),
        (format!("{} id {}", "{ me ".repeat(33), "}".repeat(33)), "levels", 32),
        (format!("{{ {} }}", "x".repeat(129)), "bytes of a name", 128),
    ] {
        // 20 logins are within the bound on root fields, and weigh 20 * 51.
        let logins = document.starts_with("mutation");
        if logins {
            let answer = client.send(&document, Value::Null).await;
            assert_eq!(answer["data"]["a19"]["__typename"], "InvalidCredentials", "{answer}");
            let more = format!("mutation {{ x: {login} {}", &document["mutation {".len()..]);
            assert_eq!(over(&client, &more).await, (json!(bound), json!(limit)));
            continue;
        }
        assert_eq!(over(&client, &document).await, (json!(bound), json!(limit)), "{document:.100}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_move_the_bounds() {
    let app = TestApp::with(&[
        "--max-aliases=1",
        "--max-root-fields=1",
        "--max-directives=0",
        "--max-tokens=100",
        "--max-nesting=8",
        "--max-depth=4",
        "--max-complexity=100",
    ])
    .await;
    let client = app.anonymous();
    let logins = "mutation { ...a } fragment a on Mutation { login(input: { identifier: \"a\", password: \"b\" }) \
        { __typename } }";
    for (document, bound, limit) in [
        ("{ me { a: id b: id } }", "aliases", 1),
        ("{ me { id } __typename }", "root fields", 1),
        ("{ me @skip(if: true) { id } }", "directives in one place", 0),
        ("{ me { sessions { nodes { id { a } } } } }", "levels", 4),
        ("{ a(b: [[[[[[[[]]]]]]]]) }", "nested brackets", 8),
        ("{ me { sessions(first: 50) { nodes { id } } } }", "units of complexity", 100),
    ] {
        assert_eq!(over(&client, document).await, (json!(bound), json!(limit)), "{document}");
    }
    let answer = client.send(logins, Value::Null).await;
    assert_eq!(answer["data"]["login"]["__typename"], "InvalidCredentials", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_multiplies_what_is_in_it_wherever_its_number_comes_from() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    // Each weighs 1 + 4 * first.
    let sessions = |first: &str, times: usize| {
        each(times, |n| format!("a{n}: sessions{first} {{ nodes {{ id createdAt userAgent }} }} "))
    };
    let query =
        |head: &str, first: &str, times: usize| format!("query Q{head} {{ me {{ {} }} }}", sessions(first, times));
    let fragment = format!("{{ me {{ ...f }} }} fragment f on User {{ {} }}", sessions("(first: 100)", 7));
    let head = "($n: Int = 100)";
    for (document, variables, fine) in [
        (query("", "(first: 100)", 6), json!({}), true),
        (query("", "(first: 100)", 7), json!({}), false),
        (query(head, "(first: $n)", 7), json!({}), false),
        (query(head, "(first: $n)", 7), json!({ "n": 1 }), true),
        (query(head, "(first: $n)", 7), json!({ "n": 100 }), false),
        (query("($n: Int)", "(first: $n)", 7), json!({ "n": 100 }), false),
        (query("($n: Int)", "(first: $n)", 7), json!({ "n": 100.0 }), false),
        (query("($n: Int)", "(first: $n)", 6), json!({ "n": 100.0 }), true),
        // 20 if it is left out.
        (query("", "", 30), json!({}), true),
        (query("", "", 32), json!({}), false),
        (query("($n: Int)", "(first: $n)", 32), json!({}), false),
        (query("", "(first: null)", 32), json!({}), false),
        (fragment, json!({}), false),
    ] {
        // The second time the document is known.
        for _ in 0..2 {
            let answer = ada.send(&document, variables.clone()).await;
            let error = &answer["errors"][0]["extensions"]["bound"];
            let expected = if fine { Value::Null } else { json!("units of complexity") };
            assert_eq!(*error, expected, "{document} {variables}: {answer}");
            assert_eq!(answer["errors"].is_null(), fine, "{document} {variables}: {answer}");
        }
    }
    // What the field itself refuses is left to it.
    let answer = ada.send("{ me { sessions(first: 60000) { nodes { id createdAt } } } }", Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_graphiql_asks_of_the_schema_is_answered_and_more_is_not() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let answer = client.send(include_str!("support/introspection.graphql"), Value::Null).await;
    let types = answer["data"]["__schema"]["types"].as_array().unwrap_or_else(|| panic!("no types: {answer}"));
    assert!(types.len() > 30 && answer["errors"].is_null());
    let less = TestApp::with(&["--max-complexity=2000"]).await;
    let answer = less.anonymous().send(include_str!("support/introspection.graphql"), Value::Null).await;
    assert!(answer["errors"].is_null(), "it weighs what the setting says: {answer}");
    let nested = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(over(&client, nested).await.0, "units of complexity");
    let introspection = include_str!("support/introspection.graphql");
    let twice = introspection.replacen("__schema", "__schema { types { ...FullType } } b: __schema", 1);
    assert_eq!(over(&client, &twice).await.0, "units of complexity");
}

/// The parser recurses at brackets. The stacks are those of the server's threads.
#[tokio::test(flavor = "multi_thread")]
async fn no_nesting_overflows_the_stack() {
    let app =
        TestApp::with(&["--max-body-bytes=16777216", "--max-tokens=100000", "--max-nesting=100", "--max-depth=60"])
            .await;
    let client = app.anonymous();
    const MOST: usize = 16_777_216 - 100;
    let sets = |count: usize| format!("{}{}", "{a".repeat(count), "}".repeat(count));
    let lists = |count: usize| format!("{{ me(a: {}1{}) }}", "[".repeat(count), "]".repeat(count));
    let objects = |count: usize| format!("{{ me(a: {}1{}) }}", "{a:".repeat(count), "}".repeat(count));
    let defaults = |count: usize| format!("query($a: X = {}1{}) {{ a }}", "[".repeat(count), "]".repeat(count));
    let types = |count: usize| format!("query($a: {}X{}) {{ a }}", "[".repeat(count), "]".repeat(count));
    let spreads = |count: usize| format!("{}{}", "{...".repeat(count), "}".repeat(count));
    let parentheses = |count: usize| format!("{{ {} }}", "a(".repeat(count));
    for bomb in [&sets as &dyn Fn(usize) -> String, &lists, &objects, &defaults, &types, &spreads, &parentheses] {
        // As large as a body can be, and with as many tokens as a document can have.
        for count in [MOST / 10, 19_000] {
            assert_eq!(over(&client, &bomb(count)).await, (json!("nested brackets"), json!(100)));
        }
        // As deep as the settings can be made to allow.
        let (code, _, _) = refusal(&client, json!({ "query": bomb(98) })).await;
        assert_ne!(code, "INTERNAL_SERVER_ERROR", "{}", bomb(2));
    }
    let unfinished = ["{", "[", "(", "{a", "{a(b:[", "\"", "\"\"\"", "#", "\\", "@a(b:{c:"];
    for text in unfinished {
        let (code, _, _) = refusal(&client, json!({ "query": text.repeat(2_000_000 / text.len()) })).await;
        assert!(["QUERY_TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"].contains(&code.as_str()), "{text}: {code}");
    }
    let query = "query($a: Int) { __typename @skip(if: $a) }";
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for field in ["variables", "extensions", "other"] {
            let deep = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
            let body = format!("{{\"query\":{},\"{field}\":{{\"a\":{deep}}}}}", json!(query));
            let response = client.post(body).send().await.expect("an answer");
            let expected = if field == "other" { 200 } else { 400 };
            assert_eq!(response.status(), expected, "{field} {open}");
        }
        // As deep as JSON is read.
        let deep = format!("{}1{}", open.repeat(120), close.repeat(120));
        let body = format!("{{\"query\":{},\"variables\":{{\"a\":{deep}}}}}", json!(query));
        let answer: Value = client.post(body).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_variable_is_not_copied_wherever_it_is_used() {
    let app = TestApp::start().await;
    let uses = |number: usize| format!("query($a: [Int]) {{ me {{ {} }} }}", "id @skip(if: $a) ".repeat(number));
    let within =
        format!("query($a: [Int]) {{ me {{ sessions(after: [{}]) {{ nodes {{ id }} }} }} }}", "$a ".repeat(900));
    let fragments = format!(
        "query($a: [Int]) {{ me {{ {} }} }} fragment f on User {{ {} }}",
        "...f ".repeat(20),
        "id @skip(if: $a) ".repeat(60)
    );
    let numbers = |number: usize| json!(vec![0; number]);
    for (query, a) in [
        (uses(1), numbers(20_000)),
        (uses(150), numbers(400)),
        (within.clone(), numbers(400)),
        (within, json!("x".repeat(50_000))),
        (fragments, numbers(10)),
    ] {
        let (code, bound, limit) = refusal(&app.anonymous(), json!({ "query": query, "variables": { "a": a } })).await;
        assert_eq!((code.as_str(), bound, limit), ("QUERY_TOO_COMPLEX", json!("values of variables"), json!(2000)));
    }
    let answer = app.anonymous().send(&uses(150), json!({ "a": [1, 2] })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "the control: {answer}");
}

/// Validation compares fields of the same name, and repeats names in its messages.
#[tokio::test(flavor = "multi_thread")]
async fn the_worst_documents_within_the_bounds_are_validated_at_once() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let arguments = |count: usize| each(count, |n| format!("a{n}:1 "));
    let name = "n".repeat(128);
    for (what, document) in [
        ("equal fields", format!("{{ me {{ {} }} }}", "id ".repeat(1990))),
        ("fields that differ", format!("{{ me {{ {} }} }}", "a: id ".repeat(50))),
        ("inline fragments", format!("{{ me {{ {} {} {} }} }}", "...{".repeat(29), "id ".repeat(1900), "}".repeat(29))),
        ("equal nested fields", format!("{{ me {{ {} }} }}", "sessions { nodes { id } } ".repeat(35))),
        (
            "arguments",
            format!(
                "{{ me {{ sessions({0}) {{ nodes {{ id }} }} sessions({0}) {{ nodes {{ id }} }} }} }}",
                arguments(320)
            ),
        ),
        ("many arguments", format!("{{ me {{ {} }} }}", format!("id({}) ", arguments(20)).repeat(30))),
        ("long names", format!("{{ me {{ {} }} }}", format!("{name} ").repeat(480))),
        ("variables", format!("query({}) {{ __typename }}", each(480, |n| format!("$a{n}: Int ")))),
        ("operations", each(330, |n| format!("query a{n}{{b}} "))),
        (
            "fragments",
            format!(
                "{{ {} }} {}",
                each(15, |n| format!("...f{n} ")),
                each(200, |n| format!("fragment f{n} on Query {{ id }} "))
            ),
        ),
        (
            "operations with fragments",
            each(40, |n| format!("query a{n}{{...f0}} "))
                + &each(20, |n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1))
                + "fragment f20 on Query { __typename }",
        ),
    ] {
        let start = Stopwatch::start();
        let answer = client.send(&document, Value::Null).await;
        assert_ne!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{what}: {answer}");
        assert!(answer["errors"].as_array().is_none_or(|errors| errors.len() <= 20), "{what}");
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_nothing_tells_the_names_of_the_schema() {
    let app = TestApp::with(&["--env=production", "--introspection="]).await;
    let client = app.anonymous();
    for (document, secrets) in [
        ("{ __schema { types { name } } }", ["revokeSession", "LoginInput", "createdAt"]),
        ("{ __type(name: \"User\") { fields { name } } }", ["createdAt", "sessions", "email"]),
        ("{ mee { id } }", ["\"me\"", "Did you mean", "sessions"]),
        ("{ me { sesions { nodes { id } } } }", ["sessions", "Did you mean", "createdAt"]),
        ("mutation { logn { __typename } }", ["login", "logout", "Did you mean"]),
        ("{ me { id ... on Sesion { id } } }", ["Session", "Did you mean", "SessionEdge"]),
        (
            "mutation($i: LoginInputt!) { login(input: $i) { __typename } }",
            ["LoginInput!", "Did you mean", "identifier"],
        ),
        ("mutation { login(inputt: 1) { __typename } }", ["LoginInput", "Did you mean", "identifier"]),
        ("mutation { login(input: { identifer: \"a\" }) { __typename } }", ["password", "Did you mean", "identifier"]),
        ("{ me { id @skp } }", ["skip", "Did you mean", "include"]),
        ("mutation { login(input: 5) { __typename } }", ["LoginInput", "Did you mean", "identifier"]),
        ("mutation { logout(input: \"x\") { ended } }", ["LogoutInput", "Did you mean", "refreshToken"]),
    ] {
        let answer = client.send(document, Value::Null).await.to_string();
        for secret in secrets {
            assert!(!answer.contains(secret), "{document}: {answer}");
        }
    }
    let answer = client.send("{ __schema { queryType { name } } __typename }", Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
    assert!(answer["data"].is_null(), "{answer}");
}
