//! With what somebody proved who they are: what access tokens say of it, and accounts that have no password.

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

/// The claims of an access token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&bytes).expect("claims")
}

/// Of when somebody proved who they are, and how; and when the token was made.
fn proof(token: &str) -> (i64, Value, i64) {
    let claims = claims(token);
    let seconds = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("no seconds in {name}: {claims}"));
    (seconds("auth_time"), claims["amr"].clone(), seconds("iat"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_when_and_how_its_owner_signed_in_also_after_a_refresh() {
    let app = TestApp::start().await;
    let start = 1_767_225_600;
    let registered = app.registered("ada@example.com").await;
    assert_eq!(proof(registered.access_token()), (start, json!(["pwd"]), start));
    app.clock.advance(Duration::from_secs(300));
    let client = app.anonymous().login("ada@example.com").await;
    assert_eq!(proof(client.access_token()), (start + 300, json!(["pwd"]), start + 300));
    app.clock.advance(Duration::from_secs(200));
    let refreshed = client.refresh().await;
    assert_eq!(proof(refreshed.access_token()), (start + 300, json!(["pwd"]), start + 500));
    let refreshed = registered.refresh().await;
    assert_eq!(proof(refreshed.access_token()), (start, json!(["pwd"]), start + 500));
    let kept = "SELECT count(*) FROM sessions WHERE authenticated_at = created_at AND methods = '{password}'";
    assert_eq!(app.database.count(kept).await, 2);
}

/// As later versions do, of which some know methods that this one does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_which_somebody_proved_who_they_are_again_says_so() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.database
        .execute("UPDATE sessions SET authenticated_at = created_at + interval '100 s', methods = '{password,dna}'")
        .await;
    let refreshed = ada.refresh().await;
    assert_eq!(proof(refreshed.access_token()), (1_767_225_700, json!(["pwd"]), 1_767_225_600));
    app.database.execute("UPDATE sessions SET authenticated_at = NULL, methods = '{dna}'").await;
    let refreshed = refreshed.refresh().await;
    let claims = claims(refreshed.access_token());
    assert_eq!((claims["auth_time"].as_i64(), &claims["amr"]), (Some(1_767_225_600), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_is_answered_as_for_a_wrong_one() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    app.database.execute("DELETE FROM passwords").await;
    for password in [PASSWORD, "", "no password"] {
        assert_eq!(app.anonymous().login_type("ada@example.com", password).await, "InvalidCredentials");
    }
    let change = json!({ "input": { "currentPassword": PASSWORD, "newPassword": "another staple for the horse" } });
    let query = "mutation Change($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    let answer = ada.send(query, change).await;
    assert_eq!(answer["data"]["changePassword"]["__typename"], "InvalidCredentials", "{answer}");
    let query = "mutation Delete($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename } }";
    let answer = ada.send(query, json!({ "input": { "password": PASSWORD } })).await;
    assert_eq!(answer["data"]["deleteAccount"]["__typename"], "InvalidCredentials", "{answer}");
    assert_eq!(ada.is_signed_in().await, Ok(()));
    for (kind, written) in [("login_failed", 3), ("password_change_failed", 1), ("account_deletion_failed", 1)] {
        let events = format!(
            "SELECT count(*) FROM audit_events JOIN accounts ON accounts.id = account_id WHERE kind = '{kind}'"
        );
        assert_eq!(app.database.count(&events).await, written, "{kind}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 0);
}
