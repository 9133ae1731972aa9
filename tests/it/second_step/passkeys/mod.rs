//! Passkeys as second factors.

mod counts;
mod forged;
mod instances;
mod limits;
mod plain;
mod races;
mod reset;

use serde_json::{Value, json};

use super::{ADA, complete};
use crate::support::passkeys::Authenticator;
use crate::support::{Client, SignedIn, TestApp};

/// An application with an account whose only second factor is this passkey, and the account's recovery codes.
async fn with_passkey(app: &TestApp, authenticator: &mut Authenticator) -> (SignedIn, Vec<String>) {
    let ada = app.registered(ADA).await;
    let added = ada.add_passkey(authenticator).await;
    let codes = added["recoveryCodes"].as_array().expect("codes").iter();
    (ada, codes.map(|code| code.as_str().expect("a code").to_owned()).collect())
}

fn passkey(answer: &Value) -> Value {
    json!({ "passkey": answer })
}

/// Makes the second step with what this authenticator answers.
async fn show(client: &Client, asked: &Value, authenticator: &mut Authenticator) -> Value {
    complete(client, asked, passkey(&authenticator.sign_in(&asked["passkeyOptions"]))).await
}

/// What everybody is told whose passkey is not accepted.
fn invalid() -> Value {
    json!({ "__typename": "InvalidPasskey", "code": "INVALID_PASSKEY", "message": "This passkey is not accepted." })
}

/// How many tries the flows of sign-ins have taken together.
async fn tries(app: &TestApp) -> i64 {
    app.database.count("SELECT coalesce(sum(factor_tries), 0)::bigint FROM flows WHERE kind = 'sign_in'").await
}

/// What was used: of passkeys, their challenges and recovery codes.
async fn used(app: &TestApp) -> i64 {
    let query = "SELECT (SELECT count(*) FROM passkeys WHERE last_used_at IS NOT NULL) \
        + (SELECT count(*) FROM audit_events WHERE kind IN ('passkey_used', 'logged_in')) \
        + (SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL)";
    app.database.count(query).await
}
