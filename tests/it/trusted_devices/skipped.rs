//! What a trusted device is for.

use serde_json::{Value, json};

use super::{answer, answer_by_mail, complete, devices, listed, part, remember, trusted};
use crate::passkey_sign_in::sign_in;
use crate::second_step::{ADA, by_mail, login, totp, with_factor};
use crate::support::browser::Browser;
use crate::support::passkeys::Authenticator;
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{STEP, enrolled, events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_alone_signs_in_on_a_trusted_device() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let flows = "SELECT count(*) FROM flows WHERE kind = 'sign_in' AND consumed_at IS NULL";
    assert_eq!(trusted.success["session"]["methods"], json!(["PASSWORD", "TOTP"]));
    for _ in 0..2 {
        app.clock.advance(STEP);
        let success = login(&trusted.device, PASSWORD).await;
        assert_eq!(kind(&success), "LoginSuccess", "{success}");
        assert_eq!(success["session"]["methods"], json!(["PASSWORD"]), "no more than was shown");
        assert_eq!(part(&success["deviceToken"]), part(&trusted.success["deviceToken"]), "it is the same device");
        let next = trusted.device.on_device(success["deviceToken"].as_str().expect("a token"));
        assert_eq!(answer(&next).await, "LoginSuccess");
        assert_eq!(trusted.device.signed_in(&success).refresh().await.is_signed_in().await, Ok(()));
    }
    assert_eq!((app.database.count(flows).await, devices(&app).await), (0, 1));
    assert_eq!(listed(&trusted.other).await[0]["lastUsedAt"], "2026-01-01T00:02:00Z");
    assert_eq!(answer(&app.anonymous()).await, "SecondFactorRequired", "another device");
    assert_eq!(kind(&login(&trusted.device, "wrong").await), "InvalidCredentials", "the password is asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_passkey_leaves_the_device_trusted() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let mut passkey = Authenticator::synced();
    ada.add_passkey(&mut passkey).await;
    let success = remember(&app, &app.anonymous(), &authenticator).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    for (client, expected) in [(device, "LoginSuccess"), (app.anonymous(), "SecondFactorRequired")] {
        let success = sign_in(&client, &mut passkey).await;
        let next = app.anonymous().on_device(success["deviceToken"].as_str().unwrap_or_else(|| panic!("{success}")));
        assert_eq!(answer(&next).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_alone_signs_in_on_a_trusted_device() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    app.clock.advance(STEP);
    assert_eq!(kind(&answer_by_mail(&app, &app.anonymous()).await), "SecondFactorRequired");
    let success = answer_by_mail(&app, &trusted.device).await;
    assert_eq!((kind(&success), &success["session"]["methods"]), ("LoginSuccess", &json!(["EMAIL"])), "{success}");
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:01:30Z");
    assert_eq!(part(&success["deviceToken"]), part(&trusted.success["deviceToken"]));
    assert_eq!(listed(&trusted.other).await[0]["lastUsedAt"], "2026-01-01T00:01:30Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_step_by_mail_and_a_recovery_code_make_a_device_trusted_as_well() {
    let app = TestApp::start().await;
    let other = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &other).await;
    let asked = by_mail(&app, &app.anonymous()).await;
    let success = complete(&app.anonymous(), &asked, json!({ "recoveryCode": codes[0] }), true).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    app.clock.advance(STEP);
    assert_eq!(kind(&answer_by_mail(&app, &device).await), "LoginSuccess");
    assert_eq!(answer(&device).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_device_is_trusted_unless_it_is_asked_for() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = login(&app.anonymous(), PASSWORD).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0)), false).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    assert_eq!((answer(&device).await.as_str(), devices(&app).await), ("SecondFactorRequired", 0));
    assert_eq!(events(&app, "device_trusted").await, 0);
    let asked = login(&app.anonymous(), PASSWORD).await;
    let wrong = complete(&app.anonymous(), &asked, totp(&authenticator.wrong(&app)), true).await;
    assert_eq!((kind(&wrong), devices(&app).await), ("InvalidCode", 0), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_by_mail_and_by_an_event() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let mail = app.mail_to(ADA).await;
    assert!(mail.text().contains("31 January 2026, 00:00 UTC"), "{}", mail.text());
    assert!(mail.text().contains("127.0.0.1") && !mail.text().contains("pcd_"), "{}", mail.text());
    let query = "{ me { securityEvents { nodes { kind sessionId } } } }";
    let nodes = trusted.other.send(query, Value::Null).await["data"]["me"]["securityEvents"]["nodes"].clone();
    let expected = json!({ "kind": "DEVICE_TRUSTED", "sessionId": trusted.success["session"]["id"] });
    assert!(nodes.as_array().expect("events").contains(&expected), "{nodes}");
    assert_eq!(app.mails_to(ADA).await.len(), 2, "one for the app, one for the device");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_it_in_a_cookie() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let mut browser = Browser::new(app.anonymous());
    let asked = browser.login(ADA).await.body["data"]["login"].clone();
    assert_eq!(kind(&asked), "SecondFactorRequired", "{asked}");
    let query = "mutation($i: CompleteSignInInput!) { completeSignIn(input: $i) { __typename ... on LoginSuccess { deviceToken } } }";
    let input = json!({
        "flow": login(&app.anonymous(), PASSWORD).await["flow"], "factor": totp(&authenticator.code(&app, 0)),
        "rememberDevice": true, "transport": "COOKIE",
    });
    let answer = browser.send(query, json!({ "i": input })).await;
    let success = &answer.body["data"]["completeSignIn"];
    assert_eq!((kind(success), &success["deviceToken"]), ("LoginSuccess", &Value::Null), "{answer:?}");
    let next = browser.login(ADA).await;
    assert_eq!(kind(&next.body["data"]["login"]), "LoginSuccess", "{next:?}");
}

/// Somebody who had the device before may have kept its token, or put it into the browser.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_to_be_trusted_gets_a_new_id() {
    let app = TestApp::start().await;
    let other = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &other).await;
    let before = app.anonymous().on_device(other.device_token());
    let success = remember(&app, &before, &authenticator).await;
    assert_ne!(part(&success["deviceToken"]), part(&json!(other.device_token())));
    assert_eq!(answer(&before).await, "SecondFactorRequired", "the token of before");
    let after = before.on_device(success["deviceToken"].as_str().expect("a token"));
    assert_eq!(answer(&after).await, "LoginSuccess");
}

/// Where everybody needs a second factor, the account has one.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_device_is_not_led_into_an_enrolment_where_a_second_factor_is_required() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let strict = app.peer(&["--second-factor=required"]).await;
    let there = |client: &Client| Client { url: format!("http://{}/graphql", strict.address), ..client.clone() };
    let device = there(&trusted.device);
    assert_eq!(answer(&device).await, "LoginSuccess");
    assert_eq!(kind(&answer_by_mail(&app, &device).await), "LoginSuccess");
    assert_eq!(answer(&there(&app.anonymous())).await, "SecondFactorRequired");
    app.database.execute("DELETE FROM totps").await;
    assert_eq!(answer(&device).await, "SecondFactorEnrolmentRequired");
}
