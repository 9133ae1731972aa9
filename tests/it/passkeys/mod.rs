//! Passkeys of an account: adding and managing them.

mod added;
mod forged;
mod last;
mod limits;
mod managed;
mod taken_back;
mod trips;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const ADA: &str = "ada@example.com";

/// Locks the account, and adds a passkey, an app and a recovery code to it.
pub(crate) const ADD_FACTORS: &str = "SELECT FROM accounts FOR NO KEY UPDATE; \
    INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, transports, \
    name, created_at) SELECT gen_random_uuid(), id, 'x', 'x', 0, true, true, '{}', 'x', created_at FROM accounts; \
    INSERT INTO totps (account_id, secret, created_at, last_step) SELECT id, 'x', created_at, 0 FROM accounts; \
    INSERT INTO recovery_codes (account_id, slot, hash) SELECT id, 0, 'x' FROM accounts";

/// Sends `renamePasskey`, and gives the outcome.
async fn rename(client: &Client, id: &Value, name: &str) -> Value {
    let query = "mutation($i: RenamePasskeyInput!) { renamePasskey(input: $i) { __typename \
        ... on RenamePasskeySuccess { passkey { id name } } ... on UserError { code message } \
        ... on InvalidInput { fields { path code } } ... on RateLimited { retryAfter } } }";
    client.outcome(query, "renamePasskey", json!({ "i": { "id": id, "name": name } })).await
}

/// Sends `removePasskey`, and gives the outcome.
async fn remove(client: &Client, id: &Value) -> Value {
    let query = "mutation($i: RemovePasskeyInput!) { removePasskey(input: $i) { __typename \
        ... on RemovePasskeySuccess { removedId } ... on UserError { code message } ... on RateLimited { retryAfter } \
        ... on ReauthenticationRequired { methods } } }";
    client.outcome(query, "removePasskey", json!({ "i": { "id": id } })).await
}

/// How many passkeys there are, of all accounts.
async fn stored(app: &TestApp) -> i64 {
    app.database.count("SELECT count(*) FROM passkeys").await
}
