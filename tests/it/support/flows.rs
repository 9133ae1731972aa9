//! What people do with mails: asking for one, and showing what it brought.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, SignedIn};
use super::database::BLOCKED;
use super::mails::Mail;
use super::{TestApp, until};

const STARTED: &str = "__typename ... on EmailFlowStarted { flow expiresAt resendAfter } ... on UserError { code message } \
    ... on RateLimited { retryAfter } ... on InvalidInput { fields { path code } }";

const FAILED: &str =
    "... on UserError { code message } ... on InvalidCode { triesLeft } ... on RateLimited { retryAfter }";

/// The type of an outcome.
pub(crate) fn kind(outcome: &Value) -> &str {
    outcome["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {outcome}"))
}

/// The code of this flow.
pub(crate) fn code(started: &Value, code: &str) -> Value {
    json!({ "code": { "flow": started["flow"], "code": code } })
}

/// Another code than this.
pub(crate) fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

/// The outcome of `request`, which has to wait for what `lock` locks. `meanwhile` happens while it waits, and is committed then.
pub(crate) async fn held_up(
    app: &TestApp,
    lock: &str,
    request: impl Future<Output = Value> + Send + 'static,
    meanwhile: impl AsyncFnOnce(),
) -> Value {
    let operator = &app.database.operator;
    operator.batch_execute(&format!("BEGIN; {lock}")).await.expect("a lock");
    let request = tokio::spawn(request);
    until("the request waits", async || {
        operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    })
    .await;
    meanwhile().await;
    operator.batch_execute("COMMIT").await.expect("a commit");
    request.await.expect("an answer")
}

/// The same, where all flows expire between the check of the proof, which waits, and what it leads to.
pub(crate) async fn expired_meanwhile(app: &TestApp, request: impl Future<Output = Value> + Send + 'static) -> Value {
    let expire = async || app.clock.advance(Duration::from_secs(60 * 60));
    held_up(app, "SELECT FROM flows FOR NO KEY UPDATE", request, expire).await
}

impl Mail {
    /// Its link as a proof.
    pub(crate) fn by_link(&self) -> Value {
        json!({ "link": self.link() })
    }
}

impl Client {
    /// Sends a document with one field, and gives the outcome, or the whole answer if there is none.
    pub(crate) async fn outcome(&self, query: &str, field: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).await;
        if answer["data"][field].is_null() { answer } else { answer["data"][field].clone() }
    }

    async fn start(&self, field: &str, email: &str) -> Value {
        let query = format!("mutation($i: StartEmailInput!) {{ {field}(input: $i) {{ {STARTED} }} }}");
        self.outcome(&query, field, json!({ "i": { "email": email } })).await
    }

    pub(crate) async fn start_password_reset(&self, email: &str) -> Value {
        self.start("startPasswordReset", email).await
    }

    pub(crate) async fn start_email_sign_in(&self, email: &str) -> Value {
        self.start("startEmailSignIn", email).await
    }

    pub(crate) async fn start_email_verification(&self) -> Value {
        let query = format!("mutation {{ startEmailVerification {{ {STARTED} }} }}");
        self.outcome(&query, "startEmailVerification", Value::Null).await
    }

    pub(crate) async fn complete_password_reset(&self, proof: Value, new: &str) -> Value {
        let query = format!(
            "mutation($i: CompletePasswordResetInput!) {{ completePasswordReset(input: $i) {{ __typename \
             ... on CompletePasswordResetSuccess {{ endedCount endedSessions {{ nodes {{ id current }} }} }} {FAILED} \
             ... on InvalidInput {{ fields {{ path code }} }} ... on WeakPassword {{ suggestions }} }} }}"
        );
        self.outcome(&query, "completePasswordReset", json!({ "i": { "proof": proof, "newPassword": new } })).await
    }

    pub(crate) async fn sign_in_with_email(&self, proof: Value) -> Value {
        let query = format!(
            "mutation($i: EmailSignInInput!) {{ signInWithEmail(input: $i) {{ __typename \
             ... on LoginSuccess {{ user {{ id email emailVerifiedAt username }} session {{ id methods current }} \
             tokens {{ accessToken refreshToken }} deviceToken }} {FAILED} }} }}"
        );
        let input = json!({ "proof": proof, "deviceToken": self.device_token });
        self.outcome(&query, "signInWithEmail", json!({ "i": input })).await
    }

    pub(crate) async fn confirm_email(&self, proof: Value) -> Value {
        let query = format!(
            "mutation($i: ConfirmEmailInput!) {{ confirmEmail(input: $i) {{ __typename \
             ... on ConfirmEmailSuccess {{ email }} {FAILED} }} }}"
        );
        self.outcome(&query, "confirmEmail", json!({ "i": { "proof": proof } })).await
    }

    /// The application that this answer of `signInWithEmail` signed in.
    pub(crate) fn signed_in(&self, success: &Value) -> SignedIn {
        SignedIn::new(self, success)
    }
}
