//! Setting a new password with what a mail brought.

mod account;
mod limits;
mod races;
mod stored;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::flows::{code, kind};
use crate::support::proxy::Proxy;
use crate::support::{PASSWORD, TestApp, until};

const NEW: &str = "another staple for the horse";
const ADA: &str = "ada@example.com";
const MINUTE: Duration = Duration::from_secs(60);

/// The kinds and the recipients of all mails, in the order in which they were written.
async fn mails(app: &TestApp) -> Vec<String> {
    let query = "SELECT kind || ' to ' || recipient FROM mails WHERE recipient IS NOT NULL ORDER BY created_at, kind";
    let rows = app.database.operator.query(query, &[]).await.expect("mails");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The events of all accounts and of nobody, in the order in which they were recorded.
async fn events(app: &TestApp) -> Vec<String> {
    let query = "SELECT kind || CASE WHEN account_id IS NULL THEN ' of nobody' ELSE '' END FROM audit_events ORDER BY occurred_at, kind";
    let rows = app.database.operator.query(query, &[]).await.expect("events");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Asks for a mail, and gives the answer and what the mail brought as proofs: the link and the code.
async fn asked(app: &TestApp, email: &str) -> (Value, Value) {
    let started = app.anonymous().start_password_reset(email).await;
    assert_eq!(kind(&started), "EmailFlowStarted", "{started}");
    // A mail that tells of a reset before may come later.
    let mails = app.mails_to(email).await;
    let mail = mails.iter().find(|mail| mail.text().contains("#reset-password=")).expect("a mail");
    (mail.by_link(), code(&started, &mail.code()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_sets_a_new_password_ends_everything_and_signs_nobody_in() {
    let app = TestApp::start().await;
    let peer = app.peer(&[]).await;
    let laptop = app.registered(ADA).await;
    let phone = peer.continued_by(&app.anonymous().login(ADA).await);
    assert_eq!((laptop.is_signed_in().await, phone.is_signed_in().await), (Ok(()), Ok(())));
    let (link, _) = asked(&app, ADA).await;
    let done = app.anonymous().complete_password_reset(link.clone(), NEW).await;
    assert_eq!((kind(&done), &done["endedCount"]), ("CompletePasswordResetSuccess", &json!(2)), "{done}");
    // They were opened at the same moment, so either may come first.
    let mut ended = [phone.session_id(), laptop.session_id()];
    ended.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(done["endedSessions"]["nodes"], json!(ended.map(|id| json!({ "id": id, "current": false }))));
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
    until("the other instance has heard", async || phone.is_signed_in().await == Err("SESSION_REVOKED".into())).await;
    assert_eq!(phone.try_refresh(phone.refresh_token()).await["reason"], "REVOKED");
    let living =
        "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id WHERE generation = session_generation";
    assert_eq!(app.database.count(living).await, 0, "it opens no session");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
    assert_eq!(mails(&app).await, ["password_reset to ada@example.com", "reset_password to ada@example.com"]);
    assert_eq!(app.mails_to(ADA).await.len(), 2);
    // A device that signed in with the old password is one that never did: the next token is of another device.
    let device = |token: &str| token.split('.').nth(1).expect("a device").to_owned();
    let answer = app.anonymous().on_device(laptop.device_token()).try_login(ADA, NEW).await;
    let next = answer["data"]["login"]["deviceToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_ne!(device(next), device(laptop.device_token()));
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, PASSWORD).await), "FlowExpired", "it is used");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_works_with_the_flow_that_asked_for_it_alone() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.registered("eve@example.com").await;
    let (_, proof) = asked(&app, ADA).await;
    let (_, of_eve) = asked(&app, "eve@example.com").await;
    let mixed = json!({ "code": { "flow": of_eve["code"]["flow"], "code": proof["code"]["code"] } });
    let refused = app.anonymous().complete_password_reset(mixed, NEW).await;
    assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4)), "{refused}");
    let done = app.anonymous().at("127.0.0.7").complete_password_reset(proof, NEW).await;
    assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
    assert_eq!(app.anonymous().login_type("eve@example.com", PASSWORD).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_disabled_addresses_are_answered_as_known_ones_are() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    app.registered(ADA).await;
    app.registered("eve@example.com").await;
    app.database.execute("UPDATE accounts SET disabled_at = now() WHERE email = 'eve@example.com'").await;
    app.anonymous().start_password_reset("warm@example.com").await;
    app.anonymous().start_email_sign_in("warm@example.com").await;
    for email in [ADA, "nobody@example.com", "eve@example.com"] {
        for start in ["reset", "sign-in"] {
            let before = proxy.trips();
            let mut answer = match start {
                "reset" => app.anonymous().start_password_reset(email).await,
                _ => app.anonymous().start_email_sign_in(email).await,
            };
            assert_eq!(proxy.trips() - before, 2, "{start} of {email}");
            assert!(answer["flow"].take().as_str().is_some_and(|flow| flow.len() == 47 && flow.starts_with("pcf_")));
            let expected = json!({ "__typename": "EmailFlowStarted", "flow": null,
                "expiresAt": "2026-01-01T01:00:00Z", "resendAfter": "2026-01-01T00:01:00Z" });
            assert_eq!(answer, expected, "{start} of {email}");
        }
    }
    assert_eq!(mails(&app).await, ["reset_password to ada@example.com", "sign_in to ada@example.com"]);
    // A wrong code tells nothing either.
    let unknown = app.anonymous().start_password_reset("nobody@example.com").await;
    let known = app.anonymous().start_password_reset(ADA).await;
    let answers = [unknown, known].map(|started| {
        let client = app.anonymous();
        async move { client.complete_password_reset(code(&started, "12345678"), NEW).await }
    });
    let answers = join_all(answers).await;
    assert_eq!((&answers[0], kind(&answers[0])), (&answers[1], "InvalidCode"));
}

/// Asking takes as long as where somebody gets the mail.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_nobody_is_written_and_dropped() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.database.execute("UPDATE accounts SET disabled_at = now()").await;
    for address in ["eve@example.com", ADA] {
        assert_eq!(kind(&app.anonymous().start_password_reset(address).await), "EmailFlowStarted");
    }
    assert!(app.mails_to(ADA).await.is_empty());
    let dropped = "SELECT count(*) FROM mails WHERE recipient IS NULL AND content IS NULL AND sent_at IS NOT NULL AND attempts = 1";
    assert_eq!(app.database.count(dropped).await, 2);
    let list = app.app.mailbox().expect("a mailbox").list();
    assert!(list.is_empty(), "{list:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_told_and_other_spellings_reach_the_address_of_the_account() {
    let app = TestApp::start().await;
    app.registered("Ada@Example.com").await;
    let answer = app.anonymous().start_password_reset("ada").await;
    assert_eq!(answer["fields"], json!([{ "path": ["input", "email"], "code": "INVALID_FORMAT" }]), "{answer}");
    app.anonymous().start_password_reset(" ADA@example.COM ").await;
    assert_eq!(mails(&app).await, ["reset_password to Ada@example.com"]);
    let link = app.mail_to("Ada@example.com").await.by_link();
    let done = app.anonymous().complete_password_reset(link, NEW).await;
    assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_gets_its_first_one() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.database.execute("DELETE FROM passwords").await;
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(app.anonymous().login_type(ADA, NEW).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_can_not_be_taken_leaves_the_link_and_the_code_as_they_are() {
    let app = TestApp::start().await;
    app.anonymous().try_register(json!({ "email": ADA, "username": "lovelace", "password": PASSWORD })).await;
    let (link, by_code) = asked(&app, ADA).await;
    let complete = async |proof: &Value, new: &str| app.anonymous().complete_password_reset(proof.clone(), new).await;
    for proof in [&link, &by_code] {
        let short = complete(proof, "short").await;
        assert_eq!(short["fields"], json!([{ "path": ["input", "newPassword"], "code": "TOO_SHORT" }]), "{short}");
        assert_eq!(complete(proof, &"x".repeat(257)).await["fields"][0]["code"], "TOO_LONG");
        for weak in ["password1", ADA, "lovelace"] {
            assert_eq!(kind(&complete(proof, weak).await), "WeakPassword", "{weak}");
        }
    }
    // Nobody is told that a password is weak without the proof.
    assert_eq!(kind(&complete(&json!({ "link": "pcl_no" }), "password1").await), "FlowExpired");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    assert_eq!(kind(&complete(&by_code, NEW).await), "CompletePasswordResetSuccess");
    assert_eq!(kind(&complete(&link, NEW).await), "FlowExpired", "the link and the code are of one flow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_expired_tells_nothing_of_a_password() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    app.clock.advance(60 * MINUTE);
    assert_eq!(kind(&app.anonymous().complete_password_reset(link, "password1").await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_or_of_another_kind_is_refused() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (link, by_code) = asked(&app, ADA).await;
    let complete = async |proof: &Value| app.anonymous().complete_password_reset(proof.clone(), NEW).await;
    let with = |link: &str| json!({ "link": link });
    let token = link["link"].as_str().expect("a token");
    let flow = by_code["code"]["flow"].as_str().expect("a token");
    for proof in [
        with(""),
        with("pcl_"),
        with(&token[..46]),
        with(&format!("{token}A")),
        with(&format!("{token} ")),
        with(&token.replace("pcl_", "pcf_")),
        // Whoever asked has no link.
        with(flow),
        with(&flow.replace("pcf_", "pcl_")),
        with(&"pcl_".repeat(10_000)),
        json!({ "code": { "flow": token, "code": by_code["code"]["code"] } }),
        json!({ "code": { "flow": "", "code": "" } }),
    ] {
        assert_eq!(kind(&complete(&proof).await), "FlowExpired", "{proof:.100}");
    }
    // What other mails bring.
    app.clock.advance(MINUTE);
    let signing_in = app.anonymous().start_email_sign_in(ADA).await;
    let mail = app.mail_to(ADA).await;
    assert_eq!(kind(&complete(&mail.by_link()).await), "FlowExpired");
    assert_eq!(kind(&complete(&code(&signing_in, &mail.code())).await), "FlowExpired");
    let verifying = ada.start_email_verification().await;
    let mail = app.mail_to(ADA).await;
    assert_eq!(kind(&complete(&mail.by_link()).await), "FlowExpired");
    assert_eq!(kind(&complete(&code(&verifying, &mail.code())).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link.clone()).await), "FlowExpired");
    assert_eq!(kind(&app.anonymous().confirm_email(by_code.clone()).await), "FlowExpired");
    // The code is valid for ten minutes, the link for an hour.
    app.clock.advance(9 * MINUTE);
    assert_eq!(kind(&complete(&by_code).await), "FlowExpired");
    app.clock.advance(49 * MINUTE);
    let (next, _) = asked(&app, ADA).await;
    app.clock.advance(MINUTE);
    assert_eq!(kind(&complete(&link).await), "FlowExpired");
    app.clock.advance(58 * MINUTE);
    assert_eq!(kind(&complete(&next).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mail_can_be_sent_none_can_be_asked_for() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let peer = app.peer(&["--env=production", "--issuer=https://auth.example.com"]).await;
    let anonymous = peer.visited_by(&app.anonymous());
    let ada = anonymous.login(ADA).await;
    for answer in [
        anonymous.start_password_reset(ADA).await,
        anonymous.start_email_sign_in(ADA).await,
        anonymous.sign_in_with_email(json!({ "link": "a" })).await,
        ada.start_email_verification().await,
    ] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{answer}");
    }
}
