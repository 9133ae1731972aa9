//! Changing an account's e-mail address, and reverting that.

mod complete;
mod revert;
mod start;
mod taken;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The answer of `startEmailChange`.
pub(crate) async fn start(client: &Client, new: &str) -> Value {
    let query = "mutation Start($input: StartEmailChangeInput!) { startEmailChange(input: $input) { __typename \
        ... on EmailFlowStarted { flow expiresAt resendAfter } ... on UserError { code message } \
        ... on ReauthenticationRequired { methods } ... on RateLimited { retryAfter } \
        ... on InvalidInput { fields { path code message } } } }";
    let answer = client.send(query, json!({ "input": { "newEmail": new } })).await;
    if answer["data"]["startEmailChange"].is_null() { answer } else { answer["data"]["startEmailChange"].clone() }
}

/// The answer of `completeEmailChange`.
pub(crate) async fn complete(client: &Client, proof: Value) -> Value {
    let query = "mutation Complete($input: ConfirmEmailInput!) { completeEmailChange(input: $input) { __typename \
        ... on CompleteEmailChangeSuccess { email } ... on UserError { code message } ... on InvalidCode { triesLeft } } }";
    let answer = client.send(query, json!({ "input": { "proof": proof } })).await;
    answer["data"]["completeEmailChange"].clone()
}

/// The answer of `revertEmailChange`.
pub(crate) async fn revert(client: &Client, link: &str) -> Value {
    let query = "mutation Revert($input: FlowTokenInput!) { revertEmailChange(input: $input) { __typename \
        ... on RevertEmailChangeSuccess { email endedCount endedSessions { nodes { id current } } } \
        ... on UserError { code message } } }";
    let answer = client.send(query, json!({ "input": { "flow": link } })).await;
    answer["data"]["revertEmailChange"].clone()
}

/// Changes the address of whoever is signed in, and gives the link that reverts the change.
pub(crate) async fn change(app: &TestApp, client: &Client, old: &str, new: &str) -> String {
    let started = start(client, new).await;
    assert_eq!(started["__typename"], "EmailFlowStarted", "{started}");
    let link = app.mail_to(new).await.link();
    let completed = complete(&app.anonymous(), json!({ "link": link })).await;
    assert_eq!(completed, json!({ "__typename": "CompleteEmailChangeSuccess", "email": new }));
    app.mail_to(old).await.link()
}

/// The kinds of the account's events, the newest first.
async fn events(client: &Client) -> Vec<String> {
    let answer = client.send("{ me { securityEvents { nodes { kind } } } }", Value::Null).await;
    let nodes = answer["data"]["me"]["securityEvents"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().map(|node| node["kind"].as_str().expect("a kind").to_owned()).collect()
}

/// The addresses of all accounts that are not deleted.
async fn addresses(app: &TestApp) -> Vec<String> {
    let query = "SELECT email FROM accounts WHERE deleted_at IS NULL ORDER BY email";
    let rows = app.database.operator.query(query, &[]).await.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

fn is(answer: &Value, kind: &str) -> bool {
    answer["__typename"] == kind
}
