//! Each way in leads there.

use serde_json::{Value, json};

use super::{ADA, FAILED, REQUIRED, SIGN_IN, asked, by_mail, enrol, login, outcome, register, sessions};
use crate::support::TestApp;
use crate::totp::{STEP, events, kind};

/// What the first step answered opens nothing, and the enrolment signs in by these methods.
async fn leads_to_enrolment(app: &TestApp, asked: &Value, methods: Value) {
    assert_eq!(kind(asked), "SecondFactorEnrolmentRequired", "{asked}");
    assert_eq!(
        (&asked["code"], &asked["methods"]),
        (&json!("SECOND_FACTOR_ENROLMENT_REQUIRED"), &json!(["PASSKEY", "TOTP"]))
    );
    assert_eq!(asked["expiresAt"], "2026-01-01T00:10:00Z", "{asked}");
    assert!(asked["tokens"].is_null() && asked["flow"].as_str().is_some_and(|flow| flow.starts_with("pcf_")));
    assert_eq!((sessions(app).await, events(app, "logged_in").await), (0, 0));
    let (authenticator, success) = enrol(app, asked).await;
    assert_eq!(success["session"]["methods"], methods, "{success}");
    assert_eq!(success["recoveryCodes"].as_array().map(Vec::len), Some(10), "{success}");
    assert_eq!(success["user"]["totpEnabledAt"], "2026-01-01T00:00:00Z", "{success}");
    assert_eq!(app.anonymous().signed_in(&success).is_signed_in().await, Ok(()));
    assert_eq!(sessions(app).await, 1);
    assert_eq!((events(app, "logged_in").await, events(app, "totp_added").await), (1, 1));
    let mail = app.mail_to(ADA).await.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(mail.starts_with("An authenticator app was added "), "{mail}");
    assert!(
        mail.contains("You can not undo it yourself. Tell ") && !mail.contains("sign all other devices out"),
        "{mail}"
    );
    // The next sign-in asks for it.
    app.clock.advance(STEP);
    let again = by_mail(app, &app.anonymous(), ADA).await;
    assert_eq!(kind(&again), "SecondFactorRequired", "{again}");
    let factor = crate::second_step::totp(&authenticator.code(app, 0));
    let success = crate::second_step::complete(&app.anonymous(), &again, factor).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration() {
    let app = TestApp::with(&[REQUIRED]).await;
    let asked = register(&app.anonymous(), ADA).await;
    assert_eq!(app.database.count("SELECT count(*) FROM accounts JOIN passwords ON account_id = id").await, 1);
    assert_eq!(events(&app, "registered").await, 1);
    assert_eq!(kind(&register(&app.anonymous(), ADA).await), "EmailTaken");
    leads_to_enrolment(&app, &asked, json!(["PASSWORD", "TOTP"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_confirmed_by_mail() {
    let app = TestApp::with(&[REQUIRED, "--email-verification=required"]).await;
    let pending = register(&app.anonymous(), ADA).await;
    assert_eq!(kind(&pending), "RegistrationPending", "the address is proven first: {pending}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
    let query = format!(
        "mutation($i: ConfirmRegistrationInput!) {{ confirmRegistration(input: $i) {{ __typename \
         ... on RegisterSuccess {{ {SIGN_IN} }} {FAILED} }} }}"
    );
    let input = json!({ "proof": app.mail_to(ADA).await.by_link() });
    let asked = outcome(&app.anonymous(), &query, "confirmRegistration", input.clone()).await;
    let proven = "SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL";
    assert_eq!(app.database.count(proven).await, 1);
    assert_eq!((events(&app, "registered").await, events(&app, "email_verified").await), (1, 1));
    let again = outcome(&app.anonymous(), &query, "confirmRegistration", input).await;
    assert_eq!(kind(&again), "FlowExpired", "{again}");
    leads_to_enrolment(&app, &asked, json!(["EMAIL", "TOTP"])).await;
    assert_eq!(events(&app, "email_verified").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login() {
    let (app, asked) = asked(&[]).await;
    leads_to_enrolment(&app, &asked, json!(["PASSWORD", "TOTP"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_which_proves_the_address_only_at_the_end() {
    let (app, _) = asked(&[]).await;
    let asked = by_mail(&app, &app.anonymous(), ADA).await;
    let proven = "SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL";
    assert_eq!((app.database.count(proven).await, events(&app, "email_verified").await), (0, 0));
    leads_to_enrolment(&app, &asked, json!(["EMAIL", "TOTP"])).await;
    assert_eq!((app.database.count(proven).await, events(&app, "email_verified").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_makes_the_account() {
    let app = TestApp::with(&[REQUIRED, "--email-sign-in=register"]).await;
    let asked = by_mail(&app, &app.anonymous(), ADA).await;
    leads_to_enrolment(&app, &asked, json!(["EMAIL", "TOTP"])).await;
    assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_stays_known() {
    let (app, first) = asked(&[]).await;
    let (_, success) = enrol(&app, &first).await;
    let device = success["deviceToken"].as_str().unwrap_or_else(|| panic!("no device token: {success}"));
    let device = app.anonymous().on_device(device);
    app.database.execute("DELETE FROM totps").await;
    let asked = login(&device, ADA).await;
    let started = super::set_up(&device, &asked).await;
    let success = super::complete(&device, &asked, &started.code(&app, 0)).await;
    assert_eq!((kind(&success), success["deviceToken"].is_string()), ("SecondFactorEnrolmentSuccess", true));
    assert_eq!(success["user"]["recoveryCodesLeft"], 10, "codes of an app that is gone do not work any more");
}
