//! Fields for those who have just proved who they are: `@auth(fresh: true)`.

use std::time::Duration;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::fuzz::documents::{Field, Schema, base};
use crate::reauthenticate::prove;
use crate::support::{Client, PASSWORD, TestApp};

const MINUTE: Duration = Duration::from_secs(60);

/// The names of all mutations and queries that are fresh, with their roots.
fn fresh_fields() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for definition in parse_schema(portcullis::graphql::sdl()).expect("a schema").definitions {
        let TypeSystemDefinition::Type(kind) = definition else { continue };
        let TypeKind::Object(object) = kind.node.kind else { continue };
        for field in object.fields {
            let is_fresh = field.node.directives.iter().any(|directive| {
                let fresh = directive.node.get_argument("fresh");
                fresh.is_some_and(|value| value.node == async_graphql::Value::Boolean(true))
            });
            if is_fresh {
                found.push((kind.node.name.node.to_string(), field.node.name.node.to_string()));
            }
        }
    }
    found
}

/// A value that fits the type.
fn fitting(schema: &Schema, kind: &str) -> Value {
    let (of, is_list) = (base(kind), kind.starts_with('['));
    let one = match (of, schema.inputs.get(of), schema.values.get(of)) {
        (_, Some(fields), _) => {
            let needed = fields.iter().filter(|(_, kind)| kind.ends_with('!'));
            let mut object: serde_json::Map<_, _> =
                needed.map(|(name, kind)| (name.clone(), fitting(schema, kind))).collect();
            // Of one without any, one field is given.
            if let (true, Some((name, kind))) = (object.is_empty(), fields.first()) {
                object.insert(name.clone(), fitting(schema, kind));
            }
            Value::Object(object)
        }
        (_, _, Some(values)) => json!(values[0]),
        ("Int" | "Float", ..) => json!(1),
        ("Boolean", ..) => json!(true),
        ("WebAuthnJson", ..) => json!({}),
        _ => json!("new@example.com"),
    };
    if is_list { json!([one]) } else { one }
}

/// Calls a field with input that fits.
async fn call(client: &Client, schema: &Schema, root: &str, field: &Field) -> Value {
    let declared: Vec<_> = field.arguments.iter().map(|(name, kind)| format!("${name}: {kind}")).collect();
    let given: Vec<_> = field.arguments.iter().map(|(name, _)| format!("{name}: ${name}")).collect();
    let list = |parts: Vec<String>| if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) };
    let values: serde_json::Map<_, _> =
        field.arguments.iter().map(|(name, kind)| (name.clone(), fitting(schema, kind))).collect();
    let document = format!(
        "{} {} {{ {}{} {{ __typename ... on ReauthenticationRequired {{ code message methods }} }} }}",
        root.to_lowercase(),
        list(declared),
        field.name,
        list(given)
    );
    client.send(&document, Value::Object(values)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_such_field_answers_so_after_ten_minutes_and_does_nothing() {
    let (schema, fields) = (Schema::read(), fresh_fields());
    assert!(!fields.is_empty());
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.clock.advance(9 * MINUTE);
    let early = ada.refresh().await;
    app.clock.advance(2 * MINUTE);
    // A refresh brings a new token with the old `auth_time`.
    let late = early.refresh().await;
    assert_eq!(late.is_signed_in().await, Ok(()));
    let required = json!({ "__typename": "ReauthenticationRequired", "code": "REAUTHENTICATION_REQUIRED",
        "message": "Prove who you are once more, and try again.", "methods": ["PASSWORD", "EMAIL"] });
    for (root, name) in &fields {
        let field = schema.fields[root].iter().find(|field| field.name == *name).expect("a field");
        let members = schema.members.get(&field.returns).cloned().unwrap_or_default();
        assert!(members.contains(&"ReauthenticationRequired".to_owned()), "{name}: {members:?}");
        let answer = call(&late, &schema, root, field).await;
        assert_eq!(answer, json!({ "data": { name: required } }), "{name}");
        // Whoever is not signed in at all gets the error of any guarded field.
        let nobody = call(&app.anonymous(), &schema, root, field).await;
        assert_eq!(nobody["errors"][0]["extensions"]["reason"], "TOKEN_MISSING", "{nobody}");
        let fresh = prove(&late, PASSWORD).await;
        let fresh = late.with_token(fresh["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{fresh}")));
        let answer = call(&fresh, &schema, root, field).await;
        assert!(answer["errors"].is_null(), "{answer}");
        assert_ne!(answer["data"][name]["__typename"], "ReauthenticationRequired", "{answer}");
    }
    let done = app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'email_change_requested'").await;
    assert_eq!(done, 1, "only what the fresh caller asked for");
}

/// Whether the caller may change the address.
async fn is_fresh(client: &Client) -> bool {
    let answer = crate::email_change::start(client, "b@example.com").await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["__typename"] == "EmailFlowStarted"
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_are_ten_minutes() {
    let app = TestApp::with(&["--access-token-ttl=1h"]).await;
    let ada = app.registered("ada@example.com").await;
    app.clock.advance(10 * MINUTE - Duration::from_micros(1));
    assert!(is_fresh(&ada).await);
    app.clock.advance(Duration::from_micros(1));
    assert!(!is_fresh(&ada).await);
    // What is proved later in the session counts for its new tokens, and not for an old one.
    prove(&ada, PASSWORD).await;
    assert!(!is_fresh(&ada).await);
    let refreshed = ada.refresh().await;
    assert!(is_fresh(&refreshed).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_say_when_is_not_fresh() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert!(is_fresh(&ada).await);
    let data = jsonwebtoken::dangerous::insecure_decode::<Value>(ada.access_token()).expect("a JWT");
    let mut claims = data.claims;
    claims.as_object_mut().expect("claims").remove("auth_time");
    let token = app.app.keys.current().signing(app.app.clock.now()).sign(&data.header, &claims).expect("a token");
    let without = ada.with_token(&token);
    assert_eq!(without.is_signed_in().await, Ok(()));
    assert!(!is_fresh(&without).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_methods_are_those_of_the_account_and_of_the_server() {
    let methods = async |app: &TestApp| {
        app.clock.advance(11 * MINUTE);
        let ada = app.anonymous().login("ada@example.com").await;
        app.database.execute("UPDATE sessions SET authenticated_at = '2025-12-31'").await;
        let ada = ada.refresh().await;
        let with = crate::email_change::start(&ada, "b@example.com").await["methods"].clone();
        app.database.execute("DELETE FROM passwords").await;
        (with, crate::email_change::start(&ada, "b@example.com").await["methods"].clone())
    };
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    assert_eq!(methods(&app).await, (json!(["PASSWORD", "EMAIL"]), json!(["EMAIL"])));
    let app = TestApp::with(&["--email-sign-in=off"]).await;
    app.registered("ada@example.com").await;
    assert_eq!(methods(&app).await, (json!(["PASSWORD"]), json!([])));
}
