//! A reset of the password of an account with a passkey.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{invalid, passkey, with_passkey};
use crate::second_step::ADA;
use crate::second_step::reset::{NEW, reset};
use crate::support::TestApp;
use crate::support::passkeys::Authenticator;
use crate::totp::{events, kind};

/// The account, whose address is proven, its recovery codes, and what the mail of a reset brought.
async fn asked(app: &TestApp, authenticator: &mut Authenticator) -> (Vec<String>, Value) {
    let (_, codes) = with_passkey(app, authenticator).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    // So that the mail that tells of the passkey is older.
    app.clock.advance(Duration::from_secs(1));
    app.anonymous().start_password_reset(ADA).await;
    (codes, app.mail_to(ADA).await.by_link())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_the_passkey_and_another_answer_counts() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let (_, link) = asked(&app, &mut authenticator).await;
    let client = app.anonymous();
    let required = reset(&client, &link, NEW, Value::Null).await;
    assert_eq!((kind(&required), &required["methods"]), ("SecondFactorRequired", &json!(["PASSKEY", "RECOVERY_CODE"])));
    let tries = "SELECT max(factor_tries)::bigint FROM flows WHERE kind = 'password_reset'";
    // What was asked for a sign-in, a passkey that nobody has, and another page.
    let sign_in = crate::second_step::first(&app).await["passkeyOptions"].clone();
    let mut forged = vec![authenticator.sign_in(&sign_in)];
    forged.push(Authenticator::synced().sign_in(&required["passkeyOptions"]));
    authenticator.origin = "https://evil.example".to_owned();
    forged.push(authenticator.sign_in(&required["passkeyOptions"]));
    authenticator.origin = crate::support::passkeys::ORIGIN.to_owned();
    for (number, answer) in (1..).zip(&forged) {
        assert_eq!(reset(&client, &link, NEW, passkey(answer)).await, invalid());
        assert_eq!((app.database.count(tries).await, events(&app, "second_factor_failed").await), (number, number));
    }
    let answer = authenticator.sign_in(&required["passkeyOptions"]);
    // A weak password uses nothing up.
    assert_eq!(kind(&reset(&client, &link, "password", passkey(&answer)).await), "WeakPassword");
    let success = reset(&client, &link, NEW, passkey(&answer)).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
    assert_eq!((events(&app, "password_reset").await, events(&app, "passkey_used").await), (1, 1));
    assert_eq!(app.database.count("SELECT count(*) FROM passkeys WHERE last_used_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_reset_once() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let (_, link) = asked(&app, &mut authenticator).await;
    let required = reset(&app.anonymous(), &link, NEW, Value::Null).await;
    let answer = passkey(&authenticator.sign_in(&required["passkeyOptions"]));
    let answers = join_all((0..50).map(|_| {
        let (client, link, answer) = (app.anonymous(), link.clone(), answer.clone());
        async move { reset(&client, &link, NEW, answer).await }
    }));
    let answers = answers.await;
    let done = answers.iter().filter(|answer| answer["__typename"] == "CompletePasswordResetSuccess");
    assert_eq!((done.count(), events(&app, "passkey_used").await), (1, 1), "{answers:?}");
    assert_eq!(events(&app, "passkey_sign_count_fell").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_is_over_is_asked_for_again_and_a_recovery_code_does_as_well() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let (codes, link) = asked(&app, &mut authenticator).await;
    let required = reset(&app.anonymous(), &link, NEW, Value::Null).await;
    let late = authenticator.sign_in(&required["passkeyOptions"]);
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(reset(&app.anonymous(), &link, NEW, passkey(&late)).await, invalid());
    let required = reset(&app.anonymous(), &link, NEW, Value::Null).await;
    let answer = authenticator.sign_in(&required["passkeyOptions"]);
    let success = reset(&app.anonymous(), &link, NEW, passkey(&answer)).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
    app.clock.advance(Duration::from_secs(120));
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let factor = json!({ "recoveryCode": codes[0] });
    let success = reset(&app.anonymous(), &link, "one more staple for the horse", factor).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_bound_passkey_whose_count_fell_resets_nothing() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let (_, link) = asked(&app, &mut authenticator).await;
    let required = reset(&app.anonymous(), &link, NEW, Value::Null).await;
    authenticator.count = 0;
    let answer = passkey(&authenticator.sign_in(&required["passkeyOptions"]));
    for _ in 0..2 {
        assert_eq!(reset(&app.anonymous(), &link, NEW, answer.clone()).await, invalid());
        assert_eq!((events(&app, "passkey_sign_count_fell").await, events(&app, "password_reset").await), (1, 0));
    }
}
