//! A password and a second factor.

use std::time::Duration;

use serde_json::json;

use super::{ADA, complete, first, login, totp, with_factor};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{STEP, events, factors, kind};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_an_app_is_signed_in_by_the_password_and_a_code() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let sessions = "SELECT count(*) FROM sessions";
    let asked = first(&app).await;
    let expected = json!({
        "__typename": "SecondFactorRequired", "code": "SECOND_FACTOR_REQUIRED", "message": "A second factor is needed.",
        "flow": asked["flow"], "expiresAt": "2026-01-01T00:10:30Z", "methods": ["TOTP", "RECOVERY_CODE"], "passkeyOptions": null,
    });
    assert_eq!(asked, expected);
    assert_eq!((app.database.count(sessions).await, events(&app, "logged_in").await), (1, 0));
    app.clock.advance(STEP);
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    assert_eq!(success["session"]["methods"], json!(["PASSWORD", "TOTP"]));
    assert_eq!(success["session"]["authenticatedAt"], "2026-01-01T00:01:00Z");
    assert!(success["deviceToken"].is_string(), "{success}");
    let ada = app.anonymous().signed_in(&success);
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!((app.database.count(sessions).await, events(&app, "logged_in").await), (2, 1));
    let of_session =
        format!("kind = 'totp_used' AND session_id = '{}'", success["session"]["id"].as_str().expect("an id"));
    assert_eq!(app.database.count(&format!("SELECT count(*) FROM audit_events WHERE {of_session}")).await, 1);
    app.clock.advance(STEP);
    let again = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&again), "FlowExpired", "a sign-in is completed once: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_does_as_well_and_is_used_up() {
    let app = TestApp::start().await;
    let (_, codes) = with_factor(&app).await;
    let asked = first(&app).await;
    let success = complete(&app.anonymous(), &asked, json!({ "recoveryCode": codes[3] })).await;
    assert_eq!(
        (kind(&success), &success["session"]["methods"]),
        ("LoginSuccess", &json!(["PASSWORD", "RECOVERY_CODE"]))
    );
    let ada = app.anonymous().signed_in(&success);
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 9);
    let asked = first(&app).await;
    let wrong = complete(&app.anonymous(), &asked, json!({ "recoveryCode": codes[3] })).await;
    assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(4)), "{wrong}");
    app.database.execute("UPDATE recovery_codes SET used_at = now()").await;
    assert_eq!(first(&app).await["methods"], json!(["TOTP"]), "none is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_as_for_any_account() {
    let app = TestApp::start().await;
    with_factor(&app).await;
    assert_eq!(kind(&login(&app.anonymous(), "wrong").await), "InvalidCredentials");
    assert_eq!(app.database.count("SELECT count(*) FROM flows WHERE kind = 'sign_in'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_has_five_tries_and_ten_minutes() {
    let app = TestApp::start().await;
    let (authenticator, codes) = with_factor(&app).await;
    let asked = first(&app).await;
    let wrong = authenticator.wrong(&app);
    for left in [4, 3, 2, 1, 0] {
        let refused = complete(&app.anonymous(), &asked, totp(&wrong)).await;
        assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(left)), "{refused}");
    }
    for factor in [totp(&authenticator.code(&app, 0)), json!({ "recoveryCode": codes[0] })] {
        assert_eq!(kind(&complete(&app.anonymous(), &asked, factor).await), "FlowExpired");
    }
    let late = first(&app).await;
    app.clock.advance(10 * MINUTE);
    assert_eq!(kind(&complete(&app.anonymous(), &late, totp(&authenticator.code(&app, 0))).await), "FlowExpired");
    let asked = first(&app).await;
    assert_eq!(kind(&complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_completes_a_sign_in() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let eve = app.registered("eve@example.com").await;
    let code = authenticator.code(&app, 0);
    let enrolment = crate::totp::start(&eve).await;
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.mail_to(ADA).await.link();
    let made_up = format!("pcf_{}", "A".repeat(43));
    for flow in
        [&enrolment["flow"], &json!(reset), &json!(made_up), &json!(""), &json!("\u{0}"), &json!("x".repeat(10_000))]
    {
        let answer = complete(&app.anonymous(), &json!({ "flow": flow }), totp(&code)).await;
        assert_eq!(kind(&answer), "FlowExpired", "{flow}");
    }
    let asked = first(&app).await;
    // Its token is neither a link nor the token of an enrolment.
    assert_eq!(kind(&app.anonymous().sign_in_with_email(json!({ "link": asked["flow"] })).await), "FlowExpired");
    assert_eq!(kind(&crate::totp::confirm(&eve, &asked, &code).await), "FlowExpired");
    // What flows keep is sealed to each.
    let second = first(&app).await;
    let swap = "UPDATE flows f SET data = o.data FROM flows o WHERE o.kind = 'sign_in' AND f.kind = 'sign_in' AND o.id <> f.id";
    assert_eq!(app.database.execute(swap).await, 2);
    for flow in [&asked, &second] {
        assert_eq!(kind(&complete(&app.anonymous(), flow, totp(&code)).await), "FlowExpired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_in_between_is_not_signed_in_to() {
    for change in [
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET session_generation = session_generation + 1",
        "UPDATE passwords SET changed_at = changed_at + interval '1 microsecond'",
        "DELETE FROM accounts",
    ] {
        let app = TestApp::start().await;
        let (authenticator, _) = with_factor(&app).await;
        let asked = first(&app).await;
        app.database.execute(change).await;
        let answer = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}: {answer}");
        assert_eq!(events(&app, "logged_in").await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_at_another_instance_and_on_a_device_that_is_known() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = first(&app).await;
    let peer = app.peer(&[]).await;
    let there = Client::new(format!("http://{}/graphql", peer.address));
    let success = complete(&there, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    app.clock.advance(STEP);
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    let asked = login(&device, PASSWORD).await;
    // The first step has sent it, so the second need not.
    let next = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    let part = |token: &serde_json::Value| token.as_str().expect("a token").split('.').nth(1).map(str::to_owned);
    assert_eq!(part(&next["deviceToken"]), part(&success["deviceToken"]), "it is the same device");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_neither_the_token_nor_what_the_flow_keeps() {
    let app = TestApp::start().await;
    with_factor(&app).await;
    let asked = first(&app).await;
    let rows = app.database.texts("SELECT to_jsonb(f)::text FROM flows f WHERE kind = 'sign_in'").await;
    let token = asked["flow"].as_str().expect("a token");
    assert!(rows.len() == 1 && !rows[0].contains(token) && !rows[0].contains("password"), "{rows:?}");
}
