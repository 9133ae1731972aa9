//! Signing in by a passkey alone, and proving by one again who one is.

pub(crate) mod again;
mod changes;
mod counts;
mod forged;
mod instances;
mod limits;
mod malformed;
mod plain;
mod replayed;
pub(crate) mod trips;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::passkeys::Authenticator;
use crate::support::{Client, SignedIn, TestApp};

pub(crate) const ADA: &str = "ada@example.com";

const FINISH: &str = "mutation($i: PasskeySignInInput!) { signInWithPasskey(input: $i) { __typename \
    ... on LoginSuccess { user { id emailVerifiedAt } session { id methods authenticatedAt } tokens { accessToken refreshToken } \
    deviceToken } ... on UserError { code message } ... on RateLimited { retryAfter } } }";

/// The options of a sign-in by whoever has a passkey.
pub(crate) async fn start(client: &Client) -> Value {
    let answer = client.send("mutation { startPasskeySignIn { options expiresAt } }", Value::Null).await;
    let started = answer["data"]["startPasskeySignIn"].clone();
    if started.is_null() { answer } else { started["options"].clone() }
}

/// Sends what a browser made.
pub(crate) async fn finish(client: &Client, credential: &Value) -> Value {
    let answer =
        client.send(FINISH, json!({ "i": { "credential": credential, "deviceToken": client.device_token } })).await;
    if answer["data"]["signInWithPasskey"].is_null() { answer } else { answer["data"]["signInWithPasskey"].clone() }
}

/// Both.
pub(crate) async fn sign_in(client: &Client, authenticator: &mut Authenticator) -> Value {
    finish(client, &authenticator.sign_in(&start(client).await)).await
}

/// An account with this passkey, signed in by its password.
pub(crate) async fn with_passkey(app: &TestApp, email: &str, authenticator: &mut Authenticator) -> SignedIn {
    let owner = app.registered(email).await;
    owner.add_passkey(authenticator).await;
    owner
}

/// What everybody is told whose passkey is not accepted.
fn invalid() -> Value {
    json!({ "__typename": "InvalidPasskey", "code": "INVALID_PASSKEY", "message": "This passkey is not accepted." })
}

/// How many sessions there are that nobody opened by a registration.
async fn opened(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'logged_in'").await
}

/// The claim `amr` of an access token, unverified.
fn amr(token: &Value) -> Value {
    let payload = token.as_str().expect("a token").split('.').nth(1).expect("a payload");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice::<Value>(&bytes).expect("claims")["amr"].clone()
}
