//! The fields of `User` that need nothing but the account are answered without the library. Nobody notices.

use serde_json::Value;

use crate::support::TestApp;

/// The lines of the SDL that are fields of `User` without arguments, each with its name.
fn fields() -> Vec<(&'static str, &'static str)> {
    let (_, user) = include_str!("../../../schema.graphql").split_once("type User {").expect("the type");
    let lines = user.split_once("\n}").expect("its end").0.lines().filter_map(|line| line.strip_prefix('\t'));
    let named = lines.filter_map(|line| Some((line.split_once(": ")?.0, line)));
    named.filter(|(name, _)| name.chars().all(char::is_alphanumeric)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_has_the_same_value_alone_and_beside_what_has_to_be_looked_up() {
    let app = TestApp::start().await;
    let ada = app.registered("Ada@example.com").await;
    app.database
        .execute("UPDATE accounts SET roles = '{admin,\"a \\\"b\\\"\"}', username = 'Ada', email_verified_at = now()")
        .await;
    let (mut plain, mut names) = (0, vec!["__typename"]);
    names.extend(fields().into_iter().map(|(name, _)| name));
    for name in names {
        if ["passkeys", "trustedDevices"].contains(&name) {
            continue;
        }
        let query = format!("{{ alone: me {{ value: {name} }} beside: me {{ value: {name} totpEnabledAt }} }}");
        let answer = ada.send(&query, Value::Null).await;
        let (alone, beside) = (&answer["data"]["alone"], &answer["data"]["beside"]);
        assert!(alone["value"] == beside["value"] && alone.get("value").is_some(), "{name}: {answer}");
        assert!(alone.as_object().is_some_and(|alone| alone.len() == 1), "{name}: {answer}");
        plain += usize::from(!alone["value"].is_null());
    }
    assert!(plain >= 7, "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_fragments_and_conditions_are_answered_as_elsewhere() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let query = "query ($no: Boolean!) { me { z: email ...F id @skip(if: $no) a: email username } } \
        fragment F on User { createdAt email @include(if: $no) roles }";
    let answer = ada.send(query, serde_json::json!({ "no": true })).await;
    let me = answer["data"]["me"].to_string();
    insta::assert_snapshot!(
        me,
        @r#"{"a":"ada@example.com","createdAt":"2026-01-01T00:00:00Z","email":"ada@example.com","roles":[],"username":null,"z":"ada@example.com"}"#
    );
}

#[test]
fn none_of_them_has_a_guard_of_its_own() {
    let fields = fields();
    assert!(fields.len() >= 10, "{fields:?}");
    for (name, line) in fields {
        assert!(!line.contains('@'), "{name} is answered without its guard where it is at hand: {line}");
    }
}
