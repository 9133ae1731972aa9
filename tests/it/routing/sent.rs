//! What people do every day, and the statements that it sends.

use std::time::Duration;

use serde_json::{Value, json};

use crate::passkey_sign_in;
use crate::support::database::TestDatabase;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::support::proxy::Proxy;
use crate::support::{PASSWORD, TestApp, until};
use crate::{reauthenticate, second_step, totp};

const ADA: &str = "ada@example.com";

/// Writes down what is sent.
struct Recorder {
    app: TestApp,
    proxy: Proxy,
    sent: Vec<(&'static str, String)>,
}

impl Recorder {
    async fn start(flags: &[&str]) -> Self {
        let database = TestDatabase::new().await;
        let proxy = Proxy::before(&database).await;
        let url = proxy.url(&database);
        let app = TestApp::on(database, &url, &[&["--rate-limits=on"], flags].concat()).await;
        Self { app, proxy, sent: Vec::new() }
    }

    /// All that was sent since the last time belongs to the operation, with what is given back after the answer, but for what opens a
    /// connection: the pool may do that at any moment.
    async fn took(&mut self, operation: &'static str) {
        let held = "SELECT count(*) FROM limits WHERE held + held_before > 0";
        until("what was taken is given back", async || self.app.database.count(held).await == 0).await;
        let sent = self.proxy.statements().into_iter().filter(|statement| !statement.starts_with("SET "));
        self.sent.extend(sent.map(|statement| (operation, statement)));
    }

    /// What was sent until now belongs to no operation.
    async fn forget(&mut self) {
        let before = self.sent.len();
        self.took("").await;
        self.sent.truncate(before);
    }
}

/// Operation, statement.
pub(crate) async fn by_each_operation() -> Vec<(&'static str, String)> {
    let mut sent = with_sessions().await;
    sent.extend(with_mails().await);
    sent.extend(with_factors().await);
    sent
}

async fn with_sessions() -> Vec<(&'static str, String)> {
    let mut on = Recorder::start(&[]).await;
    let anonymous = on.app.anonymous();
    on.forget().await;
    anonymous.register(ADA).await;
    on.took("register").await;
    let [first, other] = [anonymous.login(ADA).await, anonymous.login(ADA).await];
    on.took("login").await;
    assert_eq!(first.is_signed_in().await, Ok(()));
    on.took("me").await;
    let first = first.refresh().await;
    on.took("refreshToken").await;
    let list = first.send("{ me { sessions { nodes { id } } } }", Value::Null).await;
    assert_eq!(list["data"]["me"]["sessions"]["nodes"].as_array().map(Vec::len), Some(3), "{list}");
    on.took("sessions").await;
    assert_eq!(reauthenticate::prove(&first, PASSWORD).await["__typename"], "ReauthenticateSuccess");
    on.took("reauthenticate").await;
    let query = "mutation($i: RevokeSessionInput!) { revokeSession(input: $i) { __typename } }";
    let revoked = first.outcome(query, "revokeSession", json!({ "i": { "id": other.session_id() } })).await;
    assert_eq!(kind(&revoked), "RevokeSessionSuccess", "{revoked}");
    on.took("revokeSession").await;
    let query = "mutation { revokeOtherSessions { __typename } }";
    let revoked = first.outcome(query, "revokeOtherSessions", Value::Null).await;
    assert_eq!(kind(&revoked), "RevokeOtherSessionsSuccess", "{revoked}");
    on.took("revokeOtherSessions").await;
    let stolen = anonymous.login(ADA).await;
    on.took("login").await;
    stolen.refresh().await.refresh().await;
    on.took("refreshToken").await;
    assert_eq!(anonymous.try_refresh(stolen.refresh_token()).await["reason"], "REUSED");
    on.took("refreshToken used again").await;
    assert!(first.logout().await);
    on.took("logout").await;
    on.sent
}

async fn with_mails() -> Vec<(&'static str, String)> {
    let mut on = Recorder::start(&["--email-verification=required"]).await;
    let anonymous = on.app.anonymous();
    on.forget().await;
    let registered = anonymous.try_register(json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!(registered["data"]["register"]["__typename"], "RegistrationPending");
    on.took("register to be confirmed").await;
    let link = on.app.mail_to(ADA).await.link();
    on.forget().await;
    let query = "mutation($l: String!) { confirmRegistration(input: { proof: { link: $l } }) { __typename } }";
    let confirmed = anonymous.outcome(query, "confirmRegistration", json!({ "l": link })).await;
    assert_eq!(kind(&confirmed), "RegisterSuccess", "{confirmed}");
    on.took("confirmRegistration").await;
    assert_eq!(kind(&anonymous.start_email_sign_in(ADA).await), "EmailFlowStarted");
    on.took("startEmailSignIn").await;
    let proof = on.app.mail_to(ADA).await.by_link();
    on.forget().await;
    assert_eq!(kind(&anonymous.sign_in_with_email(proof).await), "LoginSuccess");
    on.took("signInWithEmail").await;
    assert_eq!(kind(&anonymous.start_password_reset(ADA).await), "EmailFlowStarted");
    on.took("startPasswordReset").await;
    let proof = on.app.mail_to(ADA).await.by_link();
    on.forget().await;
    let reset = anonymous.complete_password_reset(proof, "a horse of another colour").await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    on.took("completePasswordReset").await;
    on.sent
}

async fn with_factors() -> Vec<(&'static str, String)> {
    let mut on = Recorder::start(&[]).await;
    let (app, _) = second_step::with_factor(&on.app).await;
    let mut passkey = Authenticator::synced();
    let anonymous = on.app.anonymous();
    let owner = passkey_sign_in::with_passkey(&on.app, "eve@example.com", &mut passkey).await;
    on.app.clock.advance(totp::STEP);
    on.forget().await;
    let asked = second_step::first(&on.app).await;
    assert_eq!(kind(&asked), "SecondFactorRequired", "{asked}");
    on.took("login halfway").await;
    let done = second_step::complete(&anonymous, &asked, second_step::totp(&app.code(&on.app, 0))).await;
    assert_eq!(kind(&done), "LoginSuccess", "{done}");
    on.took("completeSignIn").await;
    assert_eq!(kind(&passkey_sign_in::sign_in(&anonymous, &mut passkey).await), "LoginSuccess");
    on.took("signInWithPasskey").await;
    on.app.clock.advance(Duration::from_secs(600));
    let owner = owner.refresh().await;
    let asked = passkey_sign_in::again::asked(&owner).await;
    on.forget().await;
    let proven = passkey_sign_in::again::prove_by(&owner, &mut passkey, &asked["passkeyOptions"]).await;
    assert_eq!(kind(&proven), "ReauthenticateSuccess", "{proven}");
    on.took("reauthenticate by passkey").await;
    on.sent
}
