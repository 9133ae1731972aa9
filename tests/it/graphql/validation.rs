//! Documents that the specification does not allow (section 5), and that the library alone would let through.

use serde_json::{Value, json};

use crate::support::TestApp;

/// Documents to refuse, with something that the refusal says.
const REFUSED: &[(&str, &str)] = &[
    // 5.8.5, variables in positions that their type does not allow.
    ("mutation($i: LoginInput) { login(input: $i) { __typename } }", "$i"),
    ("mutation($i: RegisterInput!) { login(input: $i) { __typename } }", "$i"),
    ("query($b: Boolean) { me @include(if: $b) { id } }", "$b"),
    ("query($b: Boolean = null) { me @skip(if: $b) { id } }", "$b"),
    ("query($b: Boolean) { ... @skip(if: $b) { me { id } } }", "$b"),
    ("query($b: Boolean) { ...f @skip(if: $b) } fragment f on Query { me { id } }", "$b"),
    ("query($b: Boolean) { ...f } fragment f on Query { me @skip(if: $b) { id } }", "$b"),
    ("query($b: String!) { me @skip(if: $b) { id } }", "$b"),
    ("query($n: [Int]) { me { sessions(first: $n) { nodes { id } } } }", "$n"),
    ("query($n: String) { me { sessions(first: $n) { nodes { id } } } }", "$n"),
    ("mutation($p: String) { login(input: { identifier: \"a\", password: $p }) { __typename } }", "$p"),
    ("mutation($p: Int!) { login(input: { identifier: \"a\", password: $p }) { __typename } }", "$p"),
    ("mutation($p: String) { logout(input: { refreshToken: [$p] }) { ended } }", "String"),
    // 3.10.1 and 5.8.5, input objects of which exactly one field is given.
    ("mutation($l: String) { confirmEmail(input: { proof: { link: $l } }) { __typename } }", "$l"),
    ("mutation($l: String = \"a\") { confirmEmail(input: { proof: { link: $l } }) { __typename } }", "$l"),
    ("mutation($c: CodeProof) { confirmEmail(input: { proof: { code: $c } }) { __typename } }", "$c"),
    ("mutation { confirmEmail(input: { proof: {} }) { __typename } }", "proof"),
    ("mutation { confirmEmail(input: { proof: { link: null } }) { __typename } }", "proof"),
    ("mutation($l: String!) { confirmEmail(input: { proof: { link: $l, code: null } }) { __typename } }", "EmailProof"),
    // 5.6.1, values of their type; of directives too.
    ("{ me @skip(if: \"yes\") { id } }", "Boolean"),
    ("{ me @include(if: null) { id } }", "Boolean"),
    ("{ me @include(if: 1) { id } }", "Boolean"),
    ("{ me { id @include(if: [true]) } }", "Boolean"),
    ("{ me { sessions(first: 1.0) { nodes { id } } } }", "first"),
    ("{ me { sessions(first: 3000000000) { nodes { id } } } }", "Int"),
    ("{ me { sessions(first: [1]) { nodes { id } } } }", "first"),
    ("mutation { logout(input: 5) { ended } }", "LogoutInput"),
    ("mutation { logout(input: []) { ended } }", "LogoutInput"),
    (
        "mutation { login(input: { identifier: \"a\", password: \"b\", transport: \"BODY\" }) { __typename } }",
        "TokenTransport",
    ),
    ("mutation($p: String!) { login(input: { identifier: 5, password: $p }) { __typename } }", "String"),
    ("mutation($p: String!) { login(input: { password: $p }) { __typename } }", "identifier"),
    ("mutation($p: String!) { login(input: { identifier: \"a\", password: $p, more: 1 }) { __typename } }", "more"),
    ("query($n: Int = \"5\") { me { sessions(first: $n) { nodes { id } } } }", "n"),
    ("mutation($i: LogoutInput = 5) { logout(input: $i) { ended } }", "LogoutInput"),
    // 5.3.2, one form of answer for each key.
    (
        "mutation { refreshToken { ... on InvalidRefreshToken { x: reason } ... on RateLimited { x: message } } }",
        "\"x\"",
    ),
    (
        "mutation { refreshToken { ... on RefreshTokenSuccess { x: user { id } } ... on RateLimited { x: message } } }",
        "\"x\"",
    ),
    (
        "mutation { refreshToken { ... on RefreshTokenSuccess { x: user { y: id } } ... on RefreshTokenSuccess { x: user { y: email } } } }",
        "\"y\"",
    ),
    ("mutation { refreshToken { ... on UserError { x: message } ... on RateLimited { x: retryAfter } } }", "\"x\""),
    ("mutation { refreshToken { ... on UserError { x: code } ... on InvalidRefreshToken { x: message } } }", "\"x\""),
    ("{ me { x: id } me { x: email } }", "\"x\""),
    (
        "{ me { sessions(first: 1) { nodes { id } } } ... on Query { me { sessions(first: 2) { nodes { id } } } } }",
        "\"sessions\"",
    ),
    // 5.7.2, directives in their places.
    ("query($n: Int @skip(if: true)) { me { sessions(first: $n) { nodes { id } } } }", "@skip"),
    // `__typename` is a leaf without arguments, and not on every root.
    ("{ __typename(a: 1) }", "a"),
    ("{ __typename { a } }", "__typename"),
    ("{ me { __typename(a: 1) } }", "a"),
];

/// What the grammar does not allow, or section 5.6.3, and the parser would not notice.
const UNREADABLE: &[&str] = &[
    "mutation { logout(input: { refreshToken: \"a\", refreshToken: \"b\" }) { ended } }",
    "mutation($i: LogoutInput = { refreshToken: \"a\" refreshToken: \"a\" }) { logout(input: $i) { ended } }",
    "mutationM { logout { ended } }",
    "query() { __typename }",
    "{ ...on } fragment on on Query { __typename }",
    "{ me { sessions(first: 1after: null) { nodes { id } } } }",
    "{ me { sessions(first: nullafter: null) { nodes { id } } } }",
    "{ me { sessions(first: 01) { nodes { id } } } }",
];

/// What must not be refused.
const ANSWERED: &[&str] = &[
    "query($b: Boolean = true) { me @include(if: $b) { id } }",
    "query($b: Boolean! = true) { me @include(if: $b) { id } }",
    "query($n: Int!) { me { sessions(first: $n) { nodes { id } } } }",
    "mutation($t: TokenTransport) { login(input: { identifier: \"a\", password: \"b\", transport: $t }) { __typename } }",
    "mutation($i: LogoutInput = { refreshToken: \"a\" }) { logout(input: $i) { ended } }",
    "mutation { refreshToken { ... on RefreshTokenSuccess { x: user { id } } ... on InvalidRefreshToken { y: message } } }",
    "mutation { refreshToken { ... on InvalidRefreshToken { x: message } ... on RateLimited { x: message } } }",
    "mutation { refreshToken { ... { x: __typename } ... on RateLimited { x: __typename } } }",
    "query($b: Boolean! = true) { __typename @include(if: $b) }",
    "query($b: Boolean! = true) { me { ... on User { __typename @skip(if: $b) } } }",
    "mutation { refreshToken { ... on RateLimited { ... { x: message } } ... on InvalidRefreshToken { ... { x: message } } } }",
    "mutation { refreshToken { ... on InvalidRefreshToken { ... { code } } ... on RateLimited { ... { code: __typename } } } }",
    "{ me { sessions(first: -0) { nodes { id } } } }",
    "mutation { logout(input: null) { ended } }",
    "{ ... on # a comment\n Query { __typename } }",
    "mutation { logout(input: { refreshToken: \"\\u{1F600} \\ud83d\\ude00\" }) { ended } }",
    "mutation { logout(input: {}) { ended } }",
    "{ me { sessions(first: 1, after: null) { nodes { id } } sessions(after: null, first: 1) { nodes { current } } } }",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_specification_does_not_allow_is_refused() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let mut let_through = Vec::new();
    for (document, said) in REFUSED {
        let answer = client.send(document, json!({ "n": 1, "b": true, "p": "secret value", "t": "BODY" })).await;
        let error = &answer["errors"][0];
        let message = error["message"].as_str().unwrap_or_default();
        if answer.get("data").is_some()
            || error["extensions"]["code"] != "GRAPHQL_VALIDATION_FAILED"
            || !message.contains(said)
        {
            let_through.push(format!("{document}\n    {answer}"));
        }
    }
    assert!(let_through.is_empty(), "{} of {}:\n{}", let_through.len(), REFUSED.len(), let_through.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_grammar_does_not_allow_is_refused() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for document in UNREADABLE {
        let answer = client.send(document, Value::Null).await;
        assert!(answer.get("data").is_none(), "{document}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED", "{document}: {answer}");
    }
}

/// The library panics at a default of a list of such a type.
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_of_an_unknown_type_is_refused_wherever_it_stands() {
    let app = TestApp::start().await;
    for kind in ["Nothing", "[Nothing]", "[[Nothing!]!]!"] {
        for default in ["", " = 1", " = [1]", " = [[1]]"] {
            let document =
                format!("query($a: {kind}{default}) {{ me {{ sessions(after: $a) {{ nodes {{ id }} }} }} }}");
            let answer = app.anonymous().send(&document, json!({ "a": [[1]] })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{document}: {answer}");
            assert!(answer.get("data").is_none(), "{document}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_specification_allows_is_answered() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for document in ANSWERED {
        let answer = client.send(document, json!({ "n": 1 })).await;
        assert!(answer["data"].is_object(), "{document}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_no_names_where_the_schema_is_not_told() {
    let app = TestApp::with(&["--introspection=off"]).await;
    let client = app.anonymous();
    for (document, hidden) in [
        ("mutation($i: String) { login(input: $i) { __typename } }", "LoginInput"),
        ("mutation { logout(input: 5) { ended } }", "LogoutInput"),
        ("mutation { logout(input: { x: 5 }) { ended } }", "LogoutInput"),
        ("mutation { login(input: {}) { __typename } }", "identifier"),
        (
            "mutation { refreshToken { ... on InvalidRefreshToken { x: reason } ... on RateLimited { x: message } } }",
            "Reason!",
        ),
        ("{ me @skip(if: 5) { id } }", "Boolean"),
    ] {
        let answer = client.send(document, Value::Null).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{document}: {answer}");
        assert!(!answer.to_string().contains(hidden), "{document}: {answer}");
    }
    // Values of variables are told of in the same way, also where the document is known and its hash alone is sent.
    let document = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
    for input in [json!({}), json!({ "identifier": 5, "password": "x" }), json!({ "nothing": 1 })] {
        let answer = client.send(document, json!({ "i": input })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert!(!["identifier", "password", "String"].iter().any(|name| answer.to_string().contains(name)), "{answer}");
    }
}
