//! Who is known keeps a few codes of an app, whatever strangers do who know the password.

use std::time::Duration;

use serde_json::{Value, json};

use super::reset::{NEW, reset};
use super::{ADA, Authenticator, by_mail, complete, first, login, totp, with_factor};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{STEP, enrolled, events, kind};

/// A device that signs in with a code.
async fn device(app: &TestApp, authenticator: &Authenticator) -> Client {
    let success = complete(&app.anonymous(), &first(app).await, totp(&authenticator.code(app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    app.clock.advance(STEP);
    app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"))
}

/// Strangers use up what the account bears.
async fn use_up(app: &TestApp, authenticator: &Authenticator) {
    let (stranger, wrong) = (app.anonymous().at("127.0.0.9"), totp(&authenticator.wrong(app)));
    for _ in 0..2 {
        let asked = login(&stranger, PASSWORD).await;
        for _ in 0..5 {
            assert_eq!(kind(&complete(&stranger, &asked, wrong.clone()).await), "InvalidCode");
        }
    }
    let limited = complete(&app.anonymous(), &first(app).await, totp(&authenticator.code(app, 0))).await;
    assert_eq!(kind(&limited), "RateLimited", "{limited}");
}

/// How many of these devices a wrong code is compared for.
async fn compared(devices: &[Client], code: &Value) -> usize {
    let mut compared = 0;
    for device in devices {
        let answer = complete(device, &login(device, PASSWORD).await, code.clone()).await;
        match kind(&answer) {
            "InvalidCode" => compared += 1,
            other => assert_eq!(other, "RateLimited", "{answer}"),
        }
    }
    compared
}

/// Whoever knows the password signs in many times before the owner adds an app.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_known_once_it_has_shown_a_factor() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered(ADA).await;
    let mut collected = Vec::new();
    for _ in 0..50 {
        let success = first(&app).await;
        collected.push(app.anonymous().on_device(success["deviceToken"].as_str().expect("a token")));
    }
    app.clock.advance(STEP);
    let (authenticator, _) = enrolled(&app, &ada).await;
    let device = device(&app, &authenticator).await;
    use_up(&app, &authenticator).await;
    assert_eq!(compared(&collected, &totp(&authenticator.wrong(&app))).await, 0);
    assert_eq!(events(&app, "second_factor_failed").await, 10);
    let asked = login(&device, PASSWORD).await;
    let success = complete(&device, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_devices_of_an_account_share_five_codes_an_hour() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let mut devices = Vec::new();
    for _ in 0..8 {
        devices.push(device(&app, &authenticator).await);
    }
    use_up(&app, &authenticator).await;
    let wrong = totp(&authenticator.wrong(&app));
    assert_eq!(compared(&devices, &wrong).await, 5);
    assert_eq!(events(&app, "second_factor_failed").await, 15);
    app.clock.advance(Duration::from_secs(720));
    // In that time the account has got back two, and the devices one.
    assert_eq!(compared(&devices, &wrong).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_mail_resets_the_password_although_the_codes_are_used_up() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    use_up(&app, &authenticator).await;
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let success = reset(&app.anonymous(), &link, NEW, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_mail_signs_in_by_it_and_has_five_codes_an_hour() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    use_up(&app, &authenticator).await;
    let reader = app.anonymous().at("127.0.0.8");
    let asked = by_mail(&app, &reader).await;
    for _ in 0..4 {
        assert_eq!(kind(&complete(&reader, &asked, totp(&authenticator.wrong(&app))).await), "InvalidCode");
    }
    let success = complete(&reader, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    app.clock.advance(2 * STEP);
    // By then the account has got back none, and the mail none. A reset counts with the sign-in.
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let wrong = reset(&reader, &link, NEW, totp(&authenticator.wrong(&app))).await;
    assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(0)), "{wrong}");
    let limited = reset(&reader, &link, NEW, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&limited), "RateLimited", "{limited}");
    assert_eq!(events(&app, "second_factor_failed").await, 15);
}
