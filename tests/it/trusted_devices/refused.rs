//! Devices that are not trusted.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Trusted, answer, answer_by_mail, complete, devices, listed, part, remember, trusted};
use crate::second_step::{login, totp, with_factor};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{enrolled, kind};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A client of this instance on the trusted device.
fn there(trusted: &Trusted, address: std::net::SocketAddr) -> Client {
    Client { url: format!("http://{address}/graphql"), ..trusted.device.clone() }
}

/// Both ways in ask a device with this token for the second factor.
async fn is_asked(app: &TestApp, token: &str, what: &str) {
    let device = app.anonymous().on_device(token);
    assert_eq!(answer(&device).await, "SecondFactorRequired", "{what}");
    assert_eq!(kind(&answer_by_mail(app, &device).await), "SecondFactorRequired", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_forged_or_of_another_device_or_account_does_not_help() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let genuine = trusted.success["deviceToken"].as_str().expect("a token");
    let own = trusted.other.device_token();
    is_asked(&app, own, "it has signed in before, and is not trusted").await;
    let eve = app.registered("eve@example.com").await;
    is_asked(&app, eve.device_token(), "of another account").await;
    // Whoever reads the table knows the ids, and has genuine tokens of other devices and accounts.
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    for other in [parts(own), parts(eve.device_token())] {
        for replaced in [vec![1], vec![0, 1], vec![0, 1, 2], vec![3]] {
            let mut forged = other.clone();
            replaced.iter().for_each(|at| forged[*at] = parts(genuine)[*at].clone());
            is_asked(&app, &forged.join("."), &format!("parts {replaced:?}")).await;
        }
    }
    let id = app.database.texts("SELECT device_id::text FROM trusted_devices").await.remove(0);
    let bytes = URL_SAFE_NO_PAD.decode(part(&trusted.success["deviceToken"])).expect("base64");
    assert_eq!(uuid::Uuid::from_slice(&bytes).expect("an id").to_string(), id, "it is the id in the table");
    for made_up in [id.as_str(), "", "pcd_", &genuine[..genuine.len() - 1]] {
        is_asked(&app, made_up, made_up).await;
    }
    assert_eq!(answer(&trusted.device).await, "LoginSuccess", "and the genuine one does");
}

/// The same id at another account is another device.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_trusted_by_one_account_alone() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let eve = app.registered("eve@example.com").await;
    enrolled(&app, &eve).await;
    let copy = "INSERT INTO trusted_devices (account_id, device_id, created_at, expires_at, last_used_at) \
        SELECT a.id, t.device_id, t.created_at, t.expires_at, t.last_used_at \
        FROM trusted_devices t, accounts a WHERE a.email = 'eve@example.com'";
    assert_eq!(app.database.execute(copy).await, 1);
    let answer = trusted.device.try_login("eve@example.com", PASSWORD).await;
    assert_eq!(kind(&answer["data"]["login"]), "SecondFactorRequired", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_ends_after_thirty_days_however_much_it_is_used() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let mut device = trusted.device.clone();
    for _ in 0..2 {
        app.clock.advance(10 * DAY);
        let success = login(&device, PASSWORD).await;
        device = device.on_device(success["deviceToken"].as_str().expect("a token"));
    }
    app.clock.advance(10 * DAY - Duration::from_secs(31));
    assert_eq!(answer(&device).await, "LoginSuccess");
    app.clock.advance(Duration::from_secs(1));
    is_asked(&app, device.device_token.as_deref().expect("a token"), "it is over").await;
    // The person is asked again, and has the device remembered again.
    let success = remember(&app, &device, &trusted.authenticator).await;
    assert_eq!(listed(&app.anonymous().signed_in(&success)).await.len(), 1, "the other is over");
    assert_eq!(answer(&device.on_device(success["deviceToken"].as_str().expect("a token"))).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_time_holds_for_devices_that_are_trusted_already_and_a_longer_one_does_not() {
    let app = TestApp::with(&["--trusted-device-ttl=10d"]).await;
    let trusted = trusted(&app).await;
    let (shorter, longer) = (app.peer(&["--trusted-device-ttl=5d"]).await, app.peer(&[]).await);
    app.clock.advance(6 * DAY);
    assert_eq!(answer(&there(&trusted, shorter.address)).await, "SecondFactorRequired");
    assert_eq!(answer(&there(&trusted, longer.address)).await, "LoginSuccess");
    app.clock.advance(5 * DAY);
    assert_eq!(answer(&there(&trusted, longer.address)).await, "SecondFactorRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_device_is_trusted_all_are_asked_and_none_comes_to_be_trusted() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let off = app.peer(&["--trusted-device-ttl=0s"]).await;
    let device = there(&trusted, off.address);
    let asked = login(&device, PASSWORD).await;
    assert_eq!(kind(&asked), "SecondFactorRequired", "{asked}");
    let success = complete(&device, &asked, totp(&trusted.authenticator.code(&app, 0)), true).await;
    assert_eq!((kind(&success), devices(&app).await), ("LoginSuccess", 1), "it is ignored: {success}");
    assert_eq!(listed(&device.signed_in(&success)).await, Vec::<serde_json::Value>::new());
    assert_eq!(listed(&trusted.other).await.len(), 1, "the instance with the setting of before");
    let next = device.on_device(success["deviceToken"].as_str().expect("a token"));
    assert_eq!(answer(&next).await, "SecondFactorRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_has_no_trusted_device() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    app.database.execute("DELETE FROM passwords").await;
    let asked = crate::second_step::by_mail(&app, &app.anonymous()).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0)), true).await;
    assert_eq!((kind(&success), &success["deviceToken"]), ("LoginSuccess", &json!(null)), "{success}");
    assert_eq!(devices(&app).await, 0);
}
