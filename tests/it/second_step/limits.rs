//! What the steps take from the limits.

use serde_json::json;

use super::{complete, first, login, totp, with_factor};
use crate::support::{PASSWORD, TestApp, until};
use crate::totp::{STEP, kind};

/// How many seconds of inflow the buckets lack together.
const LACKING: &str = "SELECT coalesce(sum(extract(epoch FROM full_at - '2026-01-01T00:00:30Z')), 0)::bigint FROM limits \
    WHERE full_at > '2026-01-01T00:00:30Z'";

const HELD: &str = "SELECT count(*) FROM limits WHERE held > 0";

/// What a login takes, once it is settled.
async fn taken(app: &TestApp, expected: &str) -> i64 {
    let before = app.database.count(LACKING).await;
    assert_eq!(kind(&first(app).await), expected);
    until("what the login holds is settled", async || app.database.count(HELD).await == 0).await;
    app.database.count(LACKING).await - before
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_counts_until_the_second_factor_was_right() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    with_factor(&app).await;
    app.database.execute("DELETE FROM totps").await;
    let of_success = taken(&app, "LoginSuccess").await;

    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let before = app.database.count(LACKING).await;
    let of_halfway = taken(&app, "SecondFactorRequired").await;
    assert!(of_halfway > of_success, "it counts as a failed one");
    let asked = first(&app).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let expected = before + of_halfway + of_success;
    until("that of the one that succeeded is given back", async || app.database.count(LACKING).await == expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_password_alone_is_limited_and_a_known_device_is_not_shut_out() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = first(&app).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    let stranger = app.anonymous().at("127.0.0.9");
    let mut steps = 0;
    while kind(&login(&stranger, PASSWORD).await) == "SecondFactorRequired" {
        steps += 1;
        assert!(steps < 100, "there is no end");
    }
    assert_eq!(kind(&login(&stranger, PASSWORD).await), "RateLimited");
    app.clock.advance(STEP);
    let asked = login(&device, PASSWORD).await;
    let success = complete(&device, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_count_by_account_across_sign_ins_and_a_refused_one_takes_no_try() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let wrong = authenticator.wrong(&app);
    let flows = [first(&app).await, first(&app).await, first(&app).await];
    for flow in &flows[..2] {
        for _ in 0..5 {
            assert_eq!(kind(&complete(&app.anonymous(), flow, totp(&wrong)).await), "InvalidCode");
        }
    }
    for _ in 0..7 {
        let limited = complete(&app.anonymous(), &flows[2], totp(&authenticator.code(&app, 0))).await;
        assert_eq!(kind(&limited), "RateLimited", "{limited}");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM flows WHERE kind = 'sign_in' AND factor_tries = 0").await, 1);
    // Nobody guesses a recovery code, so those are not used up by it.
    let codes = app.database.count("SELECT count(*) FROM recovery_codes WHERE used_at IS NULL").await;
    assert_eq!(json!(codes), json!(10));
}

/// A bucket that a statement names and one that the server names are the same.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_of_sign_ins_and_of_sessions_count_together() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, codes) = with_factor(&app).await;
    let asked = first(&app).await;
    let success = complete(&app.anonymous(), &asked, json!({ "recoveryCode": codes[0] })).await;
    let ada = app.anonymous().signed_in(&success);
    let wrong = authenticator.wrong(&app);
    for left in (5..10).rev() {
        assert_eq!(crate::totp::prove(&ada, &wrong).await["triesLeft"], left);
    }
    let asked = first(&app).await;
    for left in (0..5).rev() {
        assert_eq!(complete(&app.anonymous(), &asked, totp(&wrong)).await["triesLeft"], left);
    }
    let asked = first(&app).await;
    assert_eq!(kind(&complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await), "RateLimited");
    // The session has a few of its own.
    assert_eq!(kind(&crate::totp::prove(&ada, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
}

/// The first step may have sent the device token, and the second one need not.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_use_up_the_codes_of_an_account_do_not_shut_out_a_known_device() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = first(&app).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    app.clock.advance(STEP);
    let (stranger, wrong) = (app.anonymous().at("127.0.0.9"), totp(&authenticator.wrong(&app)));
    for _ in 0..2 {
        let asked = login(&stranger, PASSWORD).await;
        for _ in 0..5 {
            assert_eq!(kind(&complete(&stranger, &asked, wrong.clone()).await), "InvalidCode");
        }
    }
    let code = totp(&authenticator.code(&app, 0));
    assert_eq!(kind(&complete(&app.anonymous(), &first(&app).await, code.clone()).await), "RateLimited");
    // Neither a device of another account nor one from before the password was changed.
    let eve = app.registered("eve@example.com").await;
    let of_eve = app.anonymous().on_device(eve.device_token());
    assert_eq!(kind(&complete(&of_eve, &first(&app).await, code.clone()).await), "RateLimited");
    let asked = login(&device, PASSWORD).await;
    assert_eq!(kind(&complete(&device, &asked, wrong.clone()).await), "InvalidCode");
    let success = complete(&app.anonymous(), &asked, code).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}
