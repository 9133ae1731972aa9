//! HTTP requests to `/graphql` that are right in most, and wrong in something.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::choices::Choices;
use super::documents::{MARKER, Schema, Writer};
use crate::support::SignedIn;

/// What is sent, in full.
pub(super) struct Sent {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What clients ask for, with a password in each that takes one.
const GENUINE: &[&str] = &[
    "query Me { me { id email username roles createdAt sessions(first: 5) { nodes { id current } pageInfo { endCursor } } securityEvents { edges { cursor node { kind occurredAt } } } } }",
    "mutation Login { login(input: { identifier: \"ada@example.com\", password: \"s3cr3t marker of the fuzz\" }) { __typename ... on LoginSuccess { tokens { accessToken refreshToken } } ... on UserError { code message } } }",
    "mutation Register($input: RegisterInput!) { register(input: $input) { __typename ... on RegisterSuccess { user { id } } ... on InvalidInput { fields { path code message } } } }",
    "mutation Change { changePassword(input: { currentPassword: \"s3cr3t marker of the fuzz\", newPassword: \"s3cr3t marker of the fuzz\" }) { __typename ... on UserError { message } } }",
    "mutation Delete { deleteAccount(input: { password: \"s3cr3t marker of the fuzz\" }) { __typename ... on UserError { message } } }",
    "mutation Out { logout { ended } revokeOtherSessions { __typename } revokeSession(input: { id: \"x\" }) { __typename } }",
    "mutation Go { refreshToken { __typename ... on InvalidRefreshToken { reason } } }",
    "query Look { __schema { types { name fields { name args { name } } } } __type(name: \"User\") { kind } }",
    "mutation Block { login(input: { identifier: \"\"\"\n  ada\n  \"\"\", password: \"\"\"s3cr3t marker of the fuzz\"\"\" }) { __typename } }",
];

impl Sent {
    pub(super) fn generate(schema: &Schema, signed_in: &SignedIn, choices: &mut Choices<'_>) -> Self {
        let headers = headers(signed_in, choices);
        let body = match choices.below(20) {
            0..11 => {
                let (query, variables) = Writer::new(schema, choices).document();
                let operation = choices.pick(&["null", "\"Fuzz\"", "null", "\"Fuzz\"", "\"Other\"", "\"\""]);
                let operation: Value = serde_json::from_str(operation).unwrap_or_default();
                json!({ "query": query, "variables": variables, "operationName": operation }).to_string().into_bytes()
            }
            11..15 => {
                let mut body = genuine(choices);
                body["query"] = json!(choices.mutated(body["query"].as_str().unwrap_or_default()));
                body.to_string().into_bytes()
            }
            15 => genuine(choices).to_string().into_bytes(),
            16 => {
                let body = genuine(choices).to_string();
                choices.mutated(&body).into_bytes()
            }
            17 => odd_members(choices).to_string().into_bytes(),
            18 => surrogates(choices),
            _ => choices.bytes(200),
        };
        Self { headers, body }
    }
}

fn genuine(choices: &mut Choices<'_>) -> Value {
    let input = json!({ "email": format!("b{}@example.com", choices.below(500)), "password": MARKER });
    json!({ "query": choices.pick(GENUINE), "variables": { "input": input } })
}

/// An object that looks like a request, with members of any kind.
fn odd_members(choices: &mut Choices<'_>) -> Value {
    let mut body = genuine(choices);
    for _ in 0..=choices.below(3) {
        let member = choices.pick(&["query", "variables", "operationName", "extensions", "id", "", "__proto__"]);
        body[member] = match choices.below(9) {
            0 => Value::Null,
            1 => json!(choices.text(50)),
            2 => json!([MARKER]),
            3 => json!({ choices.text(9): choices.text(9) }),
            4 => json!({ "persistedQuery": { "version": 1, "sha256Hash": choices.text(64) } }),
            5 => json!(-1.5e300),
            6 => json!({ "input": { "email": choices.text(300), "password": MARKER, "username": choices.text(40) } }),
            7 => (0..200).fold(json!(1), |inner, _| json!([inner])),
            _ => json!(true),
        };
    }
    body
}

/// JSON whose escapes are no characters, and members that come twice.
fn surrogates(choices: &mut Choices<'_>) -> Vec<u8> {
    let escape = choices.pick(&["\\ud800", "\\udc00\\ud800", "\\ud83d\\ude00", "\\u0000", "\\uffff", "\\x", "\\"]);
    let document = "mutation($input: LoginInput!) { login(input: $input) { __typename } }";
    let query = if choices.one_in(2) { format!("{document}{escape}") } else { document.to_owned() };
    let twice = if choices.one_in(3) { ",\"query\":\"{ me { id } }\"" } else { "" };
    let input = format!("{{\"identifier\":\"ada{escape}\",\"password\":\"{MARKER}{escape}\"}}");
    format!("{{\"query\":\"{query}\",\"variables\":{{\"input\":{input}}}{twice}}}").into_bytes()
}

fn headers(signed_in: &SignedIn, choices: &mut Choices<'_>) -> HeaderMap {
    let bearer = format!("Bearer {}", signed_in.access_token());
    let cookies = format!(
        "theme=dark; __Host-portcullis-refresh={}; __Host-portcullis-device={}",
        signed_in.refresh_token(),
        signed_in.device_token()
    );
    let usual = [
        ("content-type", "application/json"),
        ("accept", "application/graphql-response+json, application/json;q=0.9"),
        ("authorization", &bearer),
        ("cookie", &cookies),
        ("origin", "http://localhost:8080"),
        ("user-agent", "fuzz/1.0"),
        ("x-request-id", "fuzz-1"),
        ("x-forwarded-for", "192.0.2.1, 2001:db8::1"),
        ("sec-fetch-site", "same-origin"),
        ("forwarded", "for=192.0.2.1"),
    ];
    let mut headers = HeaderMap::new();
    for (place, (name, value)) in usual.into_iter().enumerate() {
        let name = HeaderName::from_static(name);
        if place > 0 && choices.one_in(2) {
            continue;
        }
        let value = match choices.below(60) {
            1 => choices.bytes(60),
            2 => choices.mutated(value).into_bytes(),
            3 => value.repeat(choices.below(4)).into_bytes(),
            4 => {
                headers.append(name.clone(), HeaderValue::from_static("twice"));
                value.as_bytes().to_vec()
            }
            _ => value.as_bytes().to_vec(),
        };
        // What no header may hold never comes to us.
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(name, value);
        }
    }
    headers
}
