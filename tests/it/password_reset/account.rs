//! What else becomes of the account.

use serde_json::json;

use super::{ADA, MINUTE, NEW, asked, events};
use crate::support::flows::{code, kind};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn other_flows_of_the_account_end_except_one_that_reverts_a_change_of_its_address() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.registered("eve@example.com").await;
    let (link, _) = asked(&app, ADA).await;
    let (other, by_code) = asked(&app, ADA).await;
    app.anonymous().start_email_sign_in(ADA).await;
    let signing_in = app.mail_to(ADA).await.by_link();
    ada.start_email_verification().await;
    let verifying = app.mail_to(ADA).await.by_link();
    let (of_eve, _) = asked(&app, "eve@example.com").await;
    let revert = "INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, created_at, expires_at) \
        SELECT gen_random_uuid(), 'email_revert', 'email_revert', id, 'old@example.com', 'en', 'x', now(), '2099-01-01' \
        FROM accounts WHERE email = 'ada@example.com'";
    app.database.execute(revert).await;
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(kind(&app.anonymous().complete_password_reset(other, PASSWORD).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().complete_password_reset(by_code, PASSWORD).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(signing_in).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().confirm_email(verifying).await), "FlowExpired");
    let open = "SELECT count(*) FROM flows WHERE consumed_at IS NULL AND kind = 'email_revert'";
    assert_eq!(app.database.count(open).await, 1);
    assert_eq!(kind(&app.anonymous().complete_password_reset(of_eve, NEW).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_proves_the_address_and_is_recorded() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    for round in 0..2 {
        app.clock.advance(MINUTE);
        let (link, _) = asked(&app, ADA).await;
        app.clock.advance(MINUTE);
        app.anonymous().complete_password_reset(link, &format!("{NEW} {round}")).await;
    }
    app.anonymous().start_password_reset("nobody@example.com").await;
    let recorded = events(&app).await;
    let expected = [
        "registered",
        "password_reset_requested",
        "email_verified",
        "password_reset",
        "password_reset_requested",
        "password_reset",
        "password_reset_requested of nobody",
    ];
    let recorded: Vec<_> = recorded.iter().filter(|event| *event != "session_revoked").collect();
    assert_eq!(recorded, expected);
    let verified = "SELECT count(*) FROM accounts WHERE email_verified_at = '2026-01-01T00:02:00Z'";
    assert_eq!(app.database.count(verified).await, 1);
    let ended = "SELECT count(*) FROM session_endings WHERE user_agent = 'tests/1.0' AND kept_session_id IS NULL";
    let done = "SELECT count(*) FROM audit_events WHERE kind = 'session_revoked'";
    assert_eq!(app.database.count(ended).await + app.database.count(done).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_for_the_owner_of_an_address_that_is_taken_resets_the_password() {
    let app = TestApp::with(&["--email-verification=required"]).await;
    let query =
        "mutation($i: RegisterInput!) { register(input: $i) { __typename ... on RegistrationPending { flow } } }";
    let register = async || {
        let input = json!({ "i": { "email": ADA, "password": PASSWORD } });
        app.anonymous().send(query, input).await["data"]["register"].clone()
    };
    register().await;
    let confirm = "mutation($i: ConfirmRegistrationInput!) { confirmRegistration(input: $i) { __typename } }";
    let link = app.mail_to(ADA).await.by_link();
    app.anonymous().send(confirm, json!({ "i": { "proof": link } })).await;
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    let pending = register().await;
    let link = app.mail_to(ADA).await.by_link();
    let guess = code(&pending, "12345678");
    assert_eq!(
        kind(&app.anonymous().complete_password_reset(guess, NEW).await),
        "FlowExpired",
        "whoever registers resets nothing"
    );
    let answer = app.anonymous().send(confirm, json!({ "i": { "proof": link } })).await;
    assert_eq!(answer["data"]["confirmRegistration"]["__typename"], "FlowExpired");
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_end_and_are_listed_page_by_page() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let many = "INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, 0, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts, generate_series(1, 999)";
    app.database.execute(many).await;
    let (link, _) = asked(&app, ADA).await;
    let done = app.anonymous().complete_password_reset(link, NEW).await;
    assert_eq!(done["endedCount"], 1000, "{done}");
    assert_eq!(done["endedSessions"]["nodes"].as_array().map(Vec::len), Some(20));
}
