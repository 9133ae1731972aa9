//! Adding, replacing and removing an app.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Authenticator, STEP, confirm, enrolled, events, factors, kind, remove, start};
use crate::support::database::BLOCKED;
use crate::support::{PASSWORD, TestApp, until};

const ADA: &str = "ada@example.com";
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_added_once_a_code_of_it_was_right() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = start(&ada).await;
    assert_eq!((kind(&started), &started["expiresAt"]), ("TotpStarted", &json!("2026-01-01T00:10:00Z")));
    let secret = started["secret"].as_str().expect("a secret");
    let uri = format!(
        "otpauth://totp/Portcullis:ada%40example.com?secret={secret}&issuer=Portcullis&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(started["uri"], uri);
    let svg = started["qrSvg"].as_str().expect("an SVG");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg:.80}");
    assert_eq!(factors(&ada).await, json!({ "totpEnabledAt": null, "recoveryCodesLeft": 0 }));
    let code = Authenticator::new(&started).code(&app, 0);
    let confirmed = confirm(&ada, &started, &format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(kind(&confirmed), "ConfirmTotpSuccess", "{confirmed}");
    let has = json!({ "id": ada.user_id(), "totpEnabledAt": "2026-01-01T00:00:00Z", "recoveryCodesLeft": 10 });
    assert_eq!(confirmed["user"], has);
    assert_eq!(confirmed["recoveryCodes"].as_array().map(Vec::len), Some(10), "{confirmed}");
    assert_eq!(kind(&confirm(&ada, &started, &code).await), "FlowExpired", "it is over");
    let recorded = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind = 'totp_added'";
    assert_eq!(app.database.count(recorded).await, 1);
    let mail = app.mail_to(ADA).await;
    assert!(mail.text().starts_with("An authenticator app was added\n"), "{}", mail.text());
    assert!(!mail.text().contains(secret) && !mail.text().contains("pcl_"), "{}", mail.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_app_replaces_the_first_and_leaves_the_recovery_codes() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (first, _) = enrolled(&app, &ada).await;
    let (one, other) = (start(&ada).await, start(&ada).await);
    let second = Authenticator::new(&one);
    let confirmed = confirm(&ada, &one, &second.code(&app, 0)).await;
    assert_eq!((kind(&confirmed), &confirmed["recoveryCodes"]), ("ConfirmTotpSuccess", &json!([])), "{confirmed}");
    let late = confirm(&ada, &other, &Authenticator::new(&other).code(&app, 0)).await;
    assert_eq!(kind(&late), "FlowExpired", "the other enrolment is over");
    app.clock.advance(STEP);
    assert_eq!(kind(&super::prove(&ada, &first.code(&app, 0)).await), "InvalidCode");
    assert_eq!(kind(&super::prove(&ada, &second.code(&app, 0)).await), "ReauthenticateSuccess");
    assert_eq!((events(&app, "totp_added").await, events(&app, "totp_removed").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_removed_with_its_recovery_codes_and_that_may_be_repeated() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let waiting = start(&ada).await;
    for _ in 0..2 {
        let removed = remove(&ada).await;
        let none = json!({ "totpEnabledAt": null, "recoveryCodesLeft": 0 });
        assert_eq!((kind(&removed), &removed["user"]), ("RemoveTotpSuccess", &none), "{removed}");
    }
    assert_eq!(kind(&super::prove(&ada, &authenticator.code(&app, 0)).await), "InvalidCode");
    let late = confirm(&ada, &waiting, &Authenticator::new(&waiting).code(&app, 0)).await;
    assert_eq!(kind(&late), "FlowExpired", "an enrolment that waited");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
    assert_eq!(events(&app, "totp_removed").await, 1);
    let mails = app.mails_to(ADA).await;
    assert!(mails[0].text().starts_with("The authenticator app was removed\n"), "{}", mails[0].text());
    assert_eq!(mails.len(), 2);
    // The next app is a first one again.
    let (_, codes) = enrolled(&app, &ada).await;
    assert_eq!(codes.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_count_in_the_flow_and_end_it() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = start(&ada).await;
    let authenticator = Authenticator::new(&started);
    for (left, code) in
        [authenticator.wrong(&app), String::new(), "1234567".into(), "x".repeat(10_000), "12345a".into()]
            .into_iter()
            .enumerate()
    {
        let refused = confirm(&ada, &started, &code).await;
        assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4 - left)), "{refused}");
    }
    assert_eq!(kind(&confirm(&ada, &started, &authenticator.code(&app, 0)).await), "FlowExpired");
    assert_eq!((events(&app, "second_factor_failed").await, events(&app, "totp_added").await), (5, 0));
    // They do not count for codes from mails.
    app.database.execute("UPDATE flows SET tries = 100").await;
    let asked = app.anonymous().start_email_sign_in(ADA).await;
    let proof = crate::support::flows::code(&asked, &app.mail_to(ADA).await.code());
    assert_eq!(kind(&app.anonymous().sign_in_with_email(proof).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_belongs_to_its_account_and_ends_after_ten_minutes() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let started = start(&ada).await;
    let authenticator = Authenticator::new(&started);
    assert_eq!(kind(&confirm(&eve, &started, &authenticator.code(&app, 0)).await), "FlowExpired");
    for token in [json!(""), json!("pcf_"), json!(format!("pcf_{}", "A".repeat(43))), json!("x".repeat(10_000))] {
        let made_up = json!({ "flow": token });
        assert_eq!(kind(&confirm(&ada, &made_up, &authenticator.code(&app, 0)).await), "FlowExpired");
    }
    // The token of a mail's flow is none of an enrolment, nor the other way round.
    let asked = app.anonymous().start_email_sign_in(ADA).await;
    assert_eq!(kind(&confirm(&ada, &asked, &authenticator.code(&app, 0)).await), "FlowExpired");
    let proof = crate::support::flows::code(&started, "12345678");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(proof).await), "FlowExpired");
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    assert_eq!(kind(&confirm(&ada, &started, &authenticator.code(&app, 0)).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_all_sessions_ends_an_enrolment() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.anonymous().login(ADA).await;
    let started = start(&ada).await;
    let code = Authenticator::new(&started).code(&app, 0);
    let ended = ada.send("mutation { revokeOtherSessions { __typename } }", Value::Null).await;
    assert!(ended["errors"].is_null(), "{ended}");
    assert_eq!(kind(&confirm(&ada, &started, &code).await), "FlowExpired");
    // So does a reset.
    let started = start(&ada).await;
    let code = Authenticator::new(&started).code(&app, 0);
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    app.anonymous().complete_password_reset(link, "another staple for the horse").await;
    let grace = app.anonymous().try_login(ADA, "another staple for the horse").await;
    let token = grace["data"]["login"]["tokens"]["accessToken"].as_str().expect("a token").to_owned();
    assert_eq!(kind(&confirm(&app.anonymous().with_token(&token), &started, &code).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_fresh_changes_factors_and_is_told_how_to_become_it() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    app.clock.advance(10 * MINUTE);
    let ada = ada.refresh().await;
    let replace = "mutation { replaceRecoveryCodes { __typename ... on ReauthenticationRequired { methods } } }";
    let replaced = ada.send(replace, Value::Null).await["data"]["replaceRecoveryCodes"].clone();
    for refused in [start(&ada).await, remove(&ada).await, replaced] {
        let expected = ("ReauthenticationRequired", &json!(["TOTP", "EMAIL"]));
        assert_eq!((kind(&refused), &refused["methods"]), expected, "{refused}");
    }
    let proven = super::prove(&ada, &authenticator.code(&app, 0)).await;
    let fresh = ada.with_token(proven["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{proven}")));
    assert_eq!(kind(&remove(&fresh).await), "RemoveTotpSuccess");
}

/// Does `what` while the field waits for the account's row.
async fn meanwhile(app: &TestApp, what: &str, asking: impl Future<Output = Value> + Send + 'static) -> Value {
    app.database.operator.batch_execute(&format!("BEGIN; {what}")).await.expect("a change");
    let asked = tokio::spawn(asking);
    until("it waits", async || app.database.count(BLOCKED).await > 0).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    asked.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_or_an_account_that_is_disabled_meanwhile_wins() {
    for change in [
        "SELECT FROM accounts FOR UPDATE; UPDATE sessions SET revoked_at = now()",
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET session_generation = session_generation + 1",
    ] {
        let app = TestApp::start().await;
        let ada = app.registered(ADA).await;
        let started = start(&ada).await;
        let code = Authenticator::new(&started).code(&app, 0);
        let answer = meanwhile(&app, change, {
            let (client, started) = ((*ada).clone(), started.clone());
            async move { confirm(&client, &started, &code).await }
        });
        let answer = answer.await;
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{change}: {answer}");
        assert_eq!(app.database.count("SELECT count(*) FROM totps").await, 0, "{change}");

        let app = TestApp::start().await;
        let ada = app.registered(ADA).await;
        enrolled(&app, &ada).await;
        let answer = meanwhile(&app, change, {
            let client = (*ada).clone();
            async move { remove(&client).await }
        });
        let answer = answer.await;
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{change}: {answer}");
        assert_eq!(app.database.count("SELECT count(*) FROM totps").await, 1, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mail_is_sent_it_works_without() {
    let app = TestApp::with(&["--env=production", "--issuer=https://login.example.com", "--email-sign-in=off"]).await;
    let ada = app.registered(ADA).await;
    enrolled(&app, &ada).await;
    assert_eq!(kind(&remove(&ada).await), "RemoveTotpSuccess");
    assert_eq!(app.database.count("SELECT count(*) FROM mails").await, 0);
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
}
