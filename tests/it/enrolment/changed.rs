//! An account that is changed while an enrolment is under way.

use serde_json::{Value, json};

use super::{ADA, REQUIRED, asked, by_mail, complete, login, sessions, set_up, start};
use crate::support::TestApp;
use crate::support::flows::held_up;
use crate::totp::{enrolled, events, kind};

pub(super) const CHANGES: [&str; 5] = [
    "UPDATE accounts SET disabled_at = now()",
    "UPDATE accounts SET email = 'other@example.com'",
    "UPDATE accounts SET session_generation = session_generation + 1",
    "SELECT FROM accounts FOR UPDATE; UPDATE passwords SET changed_at = changed_at + interval '1 microsecond'",
    "SELECT FROM accounts FOR UPDATE; UPDATE flows SET consumed_at = now()",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_completion_waits_for_wins() {
    for change in CHANGES {
        let (app, asked) = asked(&[]).await;
        let client = app.anonymous();
        let code = set_up(&client, &asked).await.code(&app, 0);
        let answer = held_up(&app, change, async move { complete(&client, &asked, &code).await }, async || {}).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}");
        assert_eq!((sessions(&app).await, events(&app, "totp_added").await), (0, 0), "{change}");
        assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_before_ends_it() {
    for change in CHANGES {
        let (app, asked) = asked(&[]).await;
        let client = app.anonymous();
        let authenticator = set_up(&client, &asked).await;
        app.database.operator.batch_execute(&format!("BEGIN; {change}; COMMIT")).await.expect("a change");
        let answer = complete(&client, &asked, &authenticator.code(&app, 0)).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}");
        let is_password = change.contains("passwords");
        assert_eq!(kind(&start(&client, &asked).await) == "FlowExpired", !is_password, "{change}");
        assert_eq!(sessions(&app).await, 0, "{change}");
    }
}

/// An account with a session from before the policy, and the first step of another sign-in.
async fn with_session() -> (TestApp, crate::support::SignedIn, crate::support::app::Peer, Value) {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[REQUIRED]).await;
    let asked = login(&peer.visited_by(&app.anonymous()), ADA).await;
    assert_eq!(kind(&asked), "SecondFactorEnrolmentRequired", "{asked}");
    (app, ada, peer, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_got_a_factor_meanwhile_gets_no_other_one() {
    let (app, ada, _peer, asked) = with_session().await;
    let client = app.anonymous();
    let late = set_up(&client, &asked).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    assert_eq!(kind(&start(&client, &asked).await), "FlowExpired");
    let refused = complete(&client, &asked, &late.code(&app, 0)).await;
    assert_eq!(kind(&refused), "FlowExpired", "{refused}");
    assert_eq!((sessions(&app).await, events(&app, "totp_added").await), (1, 1));
    // The sign-in can be completed with the factor that the account has.
    let factor = crate::second_step::totp(&authenticator.code(&app, 0));
    let success = crate::second_step::complete(&client, &asked, factor).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let methods = "SELECT count(*) FROM sessions WHERE methods = '{password,totp}'";
    assert_eq!(app.database.count(methods).await, 1);
}

/// Whoever had a session may have made codes before.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_opens_no_session_of_an_account_that_has_no_factor() {
    let (app, _ada, peer, asked) = with_session().await;
    let eve = app.registered("eve@example.com").await;
    let (_, codes) = enrolled(&app, &eve).await;
    let planted = "INSERT INTO recovery_codes (account_id, slot, hash) SELECT a.id, slot, hash FROM recovery_codes, accounts a \
        WHERE a.email = 'ada@example.com'";
    app.database.execute(planted).await;
    let before = sessions(&app).await;
    let there = peer.visited_by(&app.anonymous());
    let refused = crate::second_step::complete(&there, &asked, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!((kind(&refused), sessions(&app).await), ("InvalidCode", before), "{refused}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL").await, 0);
    // The flow still leads into an enrolment.
    super::enrol(&app, &asked).await;
}

/// The completion is at the account's row behind the confirmation in the other session.
#[tokio::test(flavor = "multi_thread")]
async fn a_completion_that_waits_while_a_factor_is_added_adds_none() {
    let (app, _ada, _peer, asked) = with_session().await;
    let client = app.anonymous();
    let code = set_up(&client, &asked).await.code(&app, 0);
    let add = "SELECT FROM accounts FOR NO KEY UPDATE; \
        INSERT INTO totps (account_id, secret, created_at, last_step) SELECT id, 'x', created_at, 0 FROM accounts";
    let answer = held_up(&app, add, async move { complete(&client, &asked, &code).await }, async || {}).await;
    assert_eq!(kind(&answer), "FlowExpired", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM totps WHERE secret = 'x'").await, 1);
    assert_eq!((sessions(&app).await, app.database.count("SELECT count(*) FROM recovery_codes").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_of_a_session_that_waits_is_over_when_the_account_got_its_factor() {
    let (app, ada, _peer, asked) = with_session().await;
    let waiting = crate::totp::start(&ada).await;
    let client = app.anonymous();
    let authenticator = set_up(&client, &asked).await;
    assert_eq!(kind(&complete(&client, &asked, &authenticator.code(&app, 0)).await), "SecondFactorEnrolmentSuccess");
    let code = crate::totp::Authenticator::new(&waiting).code(&app, 0);
    assert_eq!(kind(&crate::totp::confirm(&ada, &waiting, &code).await), "FlowExpired");
}

/// Somebody else may have registered the address, and added the app.
#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_address_takes_the_account_back_and_adds_a_factor() {
    let (app, stranger) = asked(&[]).await;
    super::enrol(&app, &stranger).await;
    let owner = app.anonymous();
    assert_eq!(kind(&by_mail(&app, &owner, ADA).await), "SecondFactorRequired");
    owner.start_password_reset(ADA).await;
    let reset = owner.complete_password_reset(app.mail_to(ADA).await.by_link(), "another staple for the horse").await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    let asked = by_mail(&app, &owner, ADA).await;
    let (_, success) = super::enrol(&app, &asked).await;
    assert_eq!(success["session"]["methods"], json!(["EMAIL", "TOTP"]), "{success}");
}
