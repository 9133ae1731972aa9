//! Several at once.

use futures_util::future::join_all;

use super::{Trusted, complete, devices, trusted};
use crate::second_step::{ADA, login, totp, with_factor};
use crate::support::flows::held_up;
use crate::support::{PASSWORD, TestApp};
use crate::totp::{events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_completions_at_once_one_makes_a_device_trusted() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = login(&app.anonymous(), PASSWORD).await;
    let code = authenticator.code(&app, 0);
    let answers = join_all((0..50).map(|_| {
        let (client, asked, factor) = (app.anonymous(), asked.clone(), totp(&code));
        async move { complete(&client, &asked, factor, true).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "LoginSuccess").count(), 1, "{answers:?}");
    assert_eq!((devices(&app).await, events(&app, "device_trusted").await), (1, 1));
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE kind = 'device_trusted'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_logins_at_once_are_not_asked_on_a_trusted_device() {
    let app = TestApp::start().await;
    let Trusted { device, .. } = trusted(&app).await;
    let answers = join_all((0..50).map(|_| {
        let device = device.clone();
        async move { kind(&login(&device, PASSWORD).await).to_owned() }
    }));
    assert_eq!(answers.await, vec!["LoginSuccess"; 50]);
    assert_eq!(devices(&app).await, 1);
}

/// The login has the right password, and is at the account's row behind what ends the trust.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_waits_while_the_trust_ends_is_asked() {
    for end in [
        "DELETE FROM trusted_devices",
        "UPDATE accounts SET session_generation = session_generation + 1",
        "UPDATE trusted_devices SET expires_at = created_at",
        "UPDATE totps SET created_at = created_at",
    ] {
        for by_mail in [false, true] {
            let app = TestApp::start().await;
            let Trusted { device, .. } = trusted(&app).await;
            device.start_email_sign_in(ADA).await;
            let link = app.mail_to(ADA).await.by_link();
            let lock = format!("SELECT FROM accounts FOR NO KEY UPDATE; {end}");
            let request = async move {
                if by_mail { device.sign_in_with_email(link).await } else { login(&device, PASSWORD).await }
            };
            let answer = held_up(&app, &lock, request, async || {}).await;
            assert_eq!(kind(&answer), "SecondFactorRequired", "{end}, by mail: {by_mail}");
            assert_eq!(events(&app, "logged_in").await, 1, "{end}");
        }
    }
}

/// And the other way round: who signs in while the device comes to be trusted is asked at the worst.
#[tokio::test(flavor = "multi_thread")]
async fn a_completion_that_waits_while_all_sessions_end_makes_no_device_trusted() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let (asked, code, client) = (login(&app.anonymous(), PASSWORD).await, authenticator.code(&app, 0), app.anonymous());
    let end = "UPDATE accounts SET session_generation = session_generation + 1";
    let request = async move { complete(&client, &asked, totp(&code), true).await };
    let answer = held_up(&app, end, request, async || {}).await;
    assert_eq!((kind(&answer), devices(&app).await), ("FlowExpired", 0), "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE kind = 'device_trusted'").await, 0);
}
