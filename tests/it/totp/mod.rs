//! Authenticator apps. The codes are made by `oathtool`, which shares no line with the server.

mod checked;
mod enrolment;
mod limits;
mod other_app;
mod races;
mod stored;
mod taken_back;
mod trips;

use std::process::Command;
use std::time::Duration;

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

pub(crate) use stored::{dump, spellings};

/// A time step.
pub(crate) const STEP: Duration = Duration::from_secs(30);

/// Sends a document with one field, and gives the outcome, or the whole answer if there is none.
async fn outcome(client: &Client, query: &str, field: &str, variables: Value) -> Value {
    let answer = client.send(query, variables).await;
    if answer["data"][field].is_null() { answer } else { answer["data"][field].clone() }
}

pub(crate) async fn start(client: &Client) -> Value {
    let query = "mutation { startTotp { __typename ... on TotpStarted { flow secret uri qrSvg expiresAt } \
        ... on UserError { code message } ... on RateLimited { retryAfter } ... on ReauthenticationRequired { methods } } }";
    outcome(client, query, "startTotp", Value::Null).await
}

/// Confirms what was started with a code.
pub(crate) async fn confirm(client: &Client, started: &Value, code: &str) -> Value {
    let query = "mutation($i: ConfirmTotpInput!) { confirmTotp(input: $i) { __typename \
        ... on ConfirmTotpSuccess { recoveryCodes user { id totpEnabledAt recoveryCodesLeft } } \
        ... on UserError { code message } ... on InvalidCode { triesLeft } ... on RateLimited { retryAfter } } }";
    outcome(client, query, "confirmTotp", json!({ "i": { "flow": started["flow"], "code": code } })).await
}

pub(crate) async fn remove(client: &Client) -> Value {
    let query = "mutation { removeTotp { __typename ... on RemoveTotpSuccess { user { totpEnabledAt recoveryCodesLeft } } \
        ... on UserError { code message } ... on RateLimited { retryAfter } ... on ReauthenticationRequired { methods } } }";
    outcome(client, query, "removeTotp", Value::Null).await
}

/// Proves by a code who the caller is.
pub(crate) async fn prove(client: &Client, code: &str) -> Value {
    let query = "mutation($i: ReauthenticateInput!) { reauthenticate(input: $i) { __typename \
        ... on ReauthenticateSuccess { freshUntil tokens { accessToken refreshToken } } \
        ... on UserError { code message } ... on InvalidCode { triesLeft } ... on RateLimited { retryAfter } } }";
    outcome(client, query, "reauthenticate", json!({ "i": { "factor": { "totp": code } } })).await
}

/// The type of an outcome.
pub(crate) fn kind(outcome: &Value) -> &str {
    outcome["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {outcome}"))
}

/// An authenticator app with a secret.
#[derive(Clone)]
pub(crate) struct Authenticator {
    pub(crate) secret: String,
}

impl Authenticator {
    /// One that was set up with this answer of `startTotp`.
    pub(crate) fn new(started: &Value) -> Self {
        Self { secret: started["secret"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned() }
    }

    /// The code at this time of the tests' clock, so many steps later or earlier.
    pub(crate) fn code(&self, app: &TestApp, steps: i64) -> String {
        self.code_at(app.clock.clock().now().timestamp() + 30 * steps)
    }

    /// The code at this time, in seconds since 1970.
    pub(crate) fn code_at(&self, seconds: i64) -> String {
        let now = format!("@{seconds}");
        let made = Command::new("oathtool").args(["--totp", "--base32", "--now", &now, &self.secret]).output();
        let Ok(made) = made else { return self.code_by_ourselves(seconds) };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).expect("digits").trim().to_owned()
    }

    /// The code, where there is no `oathtool` (RFC 6238 and 4226).
    fn code_by_ourselves(&self, seconds: i64) -> String {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "oathtool is not installed");
        eprintln!("NOT TESTED: there is no oathtool on this machine, so the codes are not made by others");
        let secret = BASE32_NOPAD.decode(self.secret.as_bytes()).expect("base32");
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
        let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
        let start = usize::from(tag.as_ref()[19] & 15);
        let bytes = tag.as_ref()[start..start + 4].try_into().expect("four bytes");
        format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
    }

    /// A code that is none now.
    pub(crate) fn wrong(&self, app: &TestApp) -> String {
        let right: Vec<_> = (-1..=1).map(|steps| self.code(app, steps)).collect();
        let mut all = (0..1_000_000).map(|number| format!("{number:06}"));
        all.find(|code| !right.contains(code)).expect("a wrong code")
    }
}

/// Gives whoever is signed in an app, and lets a step pass, so that its code can be used.
pub(crate) async fn enrolled(app: &TestApp, client: &Client) -> (Authenticator, Vec<String>) {
    let started = start(client).await;
    let authenticator = Authenticator::new(&started);
    let confirmed = confirm(client, &started, &authenticator.code(app, 0)).await;
    assert_eq!(kind(&confirmed), "ConfirmTotpSuccess", "{confirmed}");
    app.clock.advance(STEP);
    let codes = confirmed["recoveryCodes"].as_array().expect("codes").iter();
    (authenticator, codes.map(|code| code.as_str().expect("a code").to_owned()).collect())
}

/// How often something of this kind is recorded.
pub(crate) async fn events(app: &TestApp, kind: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) FROM audit_events WHERE kind = '{kind}'")).await
}

/// What `me` says of the factors.
pub(crate) async fn factors(client: &Client) -> Value {
    client.send("{ me { totpEnabledAt recoveryCodesLeft } }", Value::Null).await["data"]["me"].clone()
}
