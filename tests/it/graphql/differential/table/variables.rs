//! Documents with variables, each with values of many kinds.

use serde_json::{Value, json};

/// Documents of `$v` and others, each with all these values: left out, null, and some.
pub(super) fn with_variables() -> Vec<(&'static str, Vec<Value>)> {
    let booleans =
        || vec![json!({}), json!({ "v": null }), json!({ "v": true }), json!({ "v": false }), json!({ "v": "true" })];
    let numbers = || {
        let values = [
            json!(1),
            json!(1.0),
            json!(1.5),
            json!("1"),
            json!([1]),
            json!(2_147_483_648_u32),
            json!(true),
            json!({}),
        ];
        let given = values.into_iter().map(|value| json!({ "v": value }));
        [json!({}), json!({ "v": null }), json!({ "w": 1 })].into_iter().chain(given).collect()
    };
    let texts = || {
        let values = [
            json!("text"),
            json!(1),
            json!(1.0),
            json!(1.5),
            json!(true),
            json!(["text"]),
            json!("BODY"),
            json!("body"),
        ];
        let given = values.into_iter().map(|value| json!({ "v": value }));
        [json!({}), json!({ "v": null })].into_iter().chain(given).collect()
    };
    let objects = || {
        let login = json!({ "identifier": "a", "password": "b" });
        let with = |name: &str, value: Value| {
            let mut login = login.clone();
            login[name] = value;
            json!({ "v": login })
        };
        vec![
            json!({}),
            json!({ "v": null }),
            json!({ "v": {} }),
            json!({ "v": [] }),
            json!({ "v": [login] }),
            json!({ "v": "text" }),
            json!({ "v": login }),
            json!({ "v": { "refreshToken": "a" } }),
            json!({ "v": { "refreshToken": null } }),
            json!({ "v": { "refreshToken": 5 } }),
            json!({ "v": { "id": 5 } }),
            json!({ "v": { "id": "5" } }),
            json!({ "v": { "id": 5.5 } }),
            with("transport", json!("BODY")),
            with("transport", json!("COOKIE")),
            with("transport", Value::Null),
            with("transport", json!("body")),
            with("deviceToken", Value::Null),
            with("password", Value::Null),
            with("more", json!(1)),
        ]
    };
    let proofs = || {
        let code = json!({ "flow": "a", "code": "1" });
        let values = [
            json!({ "link": "a" }),
            json!({ "code": code }),
            json!({}),
            json!({ "link": null }),
            json!({ "code": null }),
            json!({ "link": "a", "code": null }),
            json!({ "link": "a", "code": code }),
            json!({ "link": null, "code": null }),
            json!({ "link": "a", "more": 1 }),
            json!({ "more": 1 }),
            json!({ "link": 5 }),
            json!({ "code": { "flow": "a" } }),
            json!({ "code": { "flow": "a", "code": null } }),
            json!([{ "link": "a" }]),
            json!("a"),
            json!({ "proof": { "link": "a" } }),
            json!({ "proof": { "link": "a", "code": null } }),
            json!({ "proof": {} }),
            code,
        ];
        let given = values.into_iter().map(|value| json!({ "v": value }));
        [json!({}), json!({ "v": null })].into_iter().chain(given).collect()
    };
    vec![
        ("mutation($v: EmailProof!) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: EmailProof) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: EmailProof = { link: \"a\" }) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: EmailProof! = { link: \"a\" }) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: EmailProof = {}) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: EmailProof = { link: null }) { confirmEmail(input: { proof: $v }) { __typename } }", proofs()),
        ("mutation($v: ConfirmEmailInput!) { confirmEmail(input: $v) { __typename } }", proofs()),
        ("mutation($v: CodeProof!) { confirmEmail(input: { proof: { code: $v } }) { __typename } }", proofs()),
        ("mutation($v: String!) { confirmEmail(input: { proof: { link: $v } }) { __typename } }", texts()),
        ("mutation($v: String! = \"a\") { confirmEmail(input: { proof: { link: $v } }) { __typename } }", texts()),
        ("mutation($v: String!) { confirmEmail(input: { proof: { link: \"a\", code: $v } }) { __typename } }", texts()),
        ("mutation($v: String!) { confirmEmail(input: { proof: { link: $v, code: null } }) { __typename } }", texts()),
        (
            "mutation($v: String!) { confirmEmail(input: { proof: { code: { flow: \"a\", code: $v } } }) { __typename } }",
            texts(),
        ),
        ("query($v: Boolean!) { me @include(if: $v) { id } }", booleans()),
        ("query($v: Boolean!) { me { id @skip(if: $v) email ... @include(if: $v) { roles } } }", booleans()),
        ("query($v: Boolean! = true) { ...F @skip(if: $v) __typename } fragment F on Query { me { id } }", booleans()),
        ("query($v: Boolean) { me @include(if: $v) { id } }", booleans()),
        ("mutation($v: Boolean! = true) { logout @include(if: $v) { ended } }", booleans()),
        ("mutation($v: Boolean! = false) { logout @include(if: $v) { ended } }", booleans()),
        ("mutation($v: [Boolean!]) { logout @include(if: $v) { ended } }", booleans()),
        ("query($v: Int) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int!) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int = 2) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int! = 2) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int = null) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int! = null) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int = \"2\") { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: [Int]) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int) { me { sessions(first: [$v]) { nodes { id } } } }", numbers()),
        ("query($v: Int, $v: Int) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int, $w: Int) { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        ("query($v: Int) { me { sessions(first: $v) @skip(if: true) { nodes { id } } } }", numbers()),
        ("query($v: Int) { ...F } fragment F on Query { me { sessions(first: $v) { nodes { id } } } }", numbers()),
        (
            "query A($v: Int) { ...F } query B { ...F } fragment F on Query { me { sessions(first: $v) { nodes { id } } } }",
            numbers(),
        ),
        ("query($v: String) { me { sessions(after: $v) { nodes { id } } } }", texts()),
        ("query($v: ID) { me { sessions(after: $v) { nodes { id } } } }", texts()),
        ("query($v: String!) { __type(name: $v) { name } }", texts()),
        ("query($v: String) { __type(name: $v) { name } }", texts()),
        ("mutation($v: ID!) { revokeSession(input: { id: $v }) { __typename } }", texts()),
        ("mutation($v: String!) { revokeSession(input: { id: $v }) { __typename } }", texts()),
        ("mutation($v: String) { logout(input: { refreshToken: $v }) { ended } }", texts()),
        ("mutation($v: String) { refreshToken(input: { refreshToken: $v }) { __typename } }", texts()),
        ("mutation($v: String) { refreshToken(input: { refreshToken: [$v] }) { __typename } }", texts()),
        (
            "mutation($v: TokenTransport) { login(input: { identifier: \"a\", password: \"b\", transport: $v }) { __typename } }",
            texts(),
        ),
        (
            "mutation($v: TokenTransport!) { login(input: { identifier: \"a\", password: \"b\", transport: $v }) { __typename } }",
            texts(),
        ),
        (
            "mutation($v: TokenTransport = COOKIE) { login(input: { identifier: \"a\", password: \"b\", transport: $v }) { __typename } }",
            texts(),
        ),
        (
            "mutation($v: TokenTransport = \"BODY\") { login(input: { identifier: \"a\", password: \"b\", transport: $v }) { __typename } }",
            texts(),
        ),
        (
            "mutation($v: String) { login(input: { identifier: \"a\", password: \"b\", deviceToken: $v }) { __typename } }",
            texts(),
        ),
        ("mutation($v: String) { login(input: { identifier: \"a\", password: $v }) { __typename } }", texts()),
        ("mutation($v: String = \"b\") { login(input: { identifier: \"a\", password: $v }) { __typename } }", texts()),
        ("mutation($v: LoginInput!) { login(input: $v) { __typename } }", objects()),
        ("mutation($v: LoginInput) { login(input: $v) { __typename } }", objects()),
        (
            "mutation($v: LoginInput = { identifier: \"a\", password: \"b\" }) { login(input: $v) { __typename } }",
            objects(),
        ),
        ("mutation($v: LoginInput = { identifier: \"a\" }) { login(input: $v) { __typename } }", objects()),
        ("mutation($v: LogoutInput) { logout(input: $v) { ended } }", objects()),
        ("mutation($v: LogoutInput!) { logout(input: $v) { ended } }", objects()),
        ("mutation($v: LogoutInput = {}) { logout(input: $v) { ended } }", objects()),
        ("mutation($v: LogoutInput = null) { logout(input: $v) { ended } }", objects()),
        (
            "mutation($v: RefreshTokenInput) { refreshToken(input: $v) { __typename ... on UserError { code message } } }",
            objects(),
        ),
        ("mutation($v: RevokeSessionInput!) { revokeSession(input: $v) { __typename } }", objects()),
        ("query($v: User) { __typename }", objects()),
        ("query($v: Nothing) { __typename }", objects()),
        ("query($v: [Nothing] = [1]) { __typename }", objects()),
        ("query($v: LoginResult) { me { sessions(first: $v) { nodes { id } } } }", objects()),
    ]
}
