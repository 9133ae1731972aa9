//! Passkeys that sign in.

use serde_json::{Value, json};

use super::{ADA, amr, finish, invalid, opened, sign_in, start, with_passkey};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::flows::kind;
use crate::support::passkeys::{Authenticator, flags};
use crate::totp::{enrolled, events};

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_alone_signs_in() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let owner = with_passkey(&app, ADA, &mut authenticator).await;
    app.clock.advance(std::time::Duration::from_secs(60));
    let success = sign_in(&app.anonymous(), &mut authenticator).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    assert_eq!(success["user"]["id"], owner.user_id());
    assert_eq!(success["session"]["methods"], json!(["PASSKEY"]));
    assert_eq!(success["session"]["authenticatedAt"], "2026-01-01T00:01:00Z");
    assert_eq!(amr(&success["tokens"]["accessToken"]), json!(["pop", "user", "mfa"]));
    assert!(success["deviceToken"].is_string(), "{success}");
    let ada = app.anonymous().signed_in(&success);
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!(owner.passkeys().await[0]["lastUsedAt"], "2026-01-01T00:01:00Z");
    let of_session = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind IN ('logged_in', 'passkey_used') AND methods = '{passkey}'";
    assert_eq!(app.database.count(of_session).await, 2);
    assert_eq!(
        app.database.count("SELECT count(*) FROM used_challenges").await,
        2,
        "this and that of the registration"
    );
    assert_eq!(app.database.count("SELECT count(*) FROM flows").await, 0, "nothing waits for a second factor");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_options_are_the_same_for_a_button_and_for_autofill_and_name_nobody() {
    let app = TestApp::start().await;
    with_passkey(&app, ADA, &mut Authenticator::synced()).await;
    let query = "mutation { startPasskeySignIn { options expiresAt } }";
    let mut answers = [app.anonymous().send(query, Value::Null).await, app.anonymous().send(query, Value::Null).await];
    let challenges =
        answers.each_mut().map(|answer| answer["data"]["startPasskeySignIn"]["options"]["challenge"].take());
    assert!(challenges[0].is_string() && challenges[0] != challenges[1], "{challenges:?}");
    let options = json!({
        "challenge": null, "timeout": 600_000, "rpId": "localhost", "allowCredentials": [], "userVerification": "required",
    });
    let expected =
        json!({ "data": { "startPasskeySignIn": { "options": options, "expiresAt": "2026-01-01T00:10:00Z" } } });
    assert_eq!(answers, [expected.clone(), expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_factor_is_asked_for() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    enrolled(&app, &ada).await;
    let success = sign_in(&app.anonymous(), &mut authenticator).await;
    assert_eq!((kind(&success), &success["session"]["methods"]), ("LoginSuccess", &json!(["PASSKEY"])), "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_gets_no_device_token_and_a_passkey_proves_no_address() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    app.database.execute("DELETE FROM passwords").await;
    let success = sign_in(&app.anonymous(), &mut authenticator).await;
    assert_eq!((kind(&success), &success["deviceToken"]), ("LoginSuccess", &Value::Null), "{success}");
    assert_eq!(success["user"]["emailVerifiedAt"], Value::Null);
    assert_eq!(events(&app, "email_verified").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_answered_as_if_nobody_had_the_passkey() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    app.database.execute("UPDATE accounts SET disabled_at = now()").await;
    assert_eq!(sign_in(&app.anonymous(), &mut authenticator).await, invalid());
    let mut stranger = Authenticator::synced();
    stranger.user_handle = authenticator.user_handle.clone();
    assert_eq!(sign_in(&app.anonymous(), &mut stranger).await, invalid());
    assert_eq!((opened(&app).await, app.database.count("SELECT count(*) FROM used_challenges").await), (0, 1));
    // That nobody's passkey was tried belongs to nobody. Both happened at the same time, so their order is not told.
    let recorded =
        "SELECT coalesce(account_id::text, 'nobody') FROM audit_events WHERE kind = 'login_failed' ORDER BY 1";
    let id = app.database.texts("SELECT id::text FROM accounts").await.remove(0);
    assert_eq!(app.database.texts(recorded).await, [id, "nobody".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authenticator_says_of_its_backup_is_kept() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    authenticator.flags &= !flags::BACKED_UP;
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    assert_eq!(ada.passkeys().await[0]["backedUp"], false);
    authenticator.flags |= flags::BACKED_UP;
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    assert_eq!(ada.passkeys().await[0]["backedUp"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_its_tokens_in_cookies_and_stays_the_same_device() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let mut browser = Browser::new(app.anonymous());
    let query = "mutation($i: PasskeySignInInput!) { signInWithPasskey(input: $i) { __typename \
        ... on LoginSuccess { tokens { refreshToken } deviceToken } } }";
    let mut devices = Vec::new();
    for _ in 0..2 {
        let credential = authenticator.sign_in(&start(&app.anonymous()).await);
        let input = json!({ "i": { "credential": credential, "transport": "COOKIE" } });
        let answer = browser.send(query, input).await;
        let expected = json!({ "__typename": "LoginSuccess", "tokens": { "refreshToken": null }, "deviceToken": null });
        assert_eq!(answer.body["data"]["signInWithPasskey"], expected, "{answer:?}");
        assert!(browser.cookie.is_some(), "{answer:?}");
        let device = browser.device.clone().expect("a device token");
        devices.push(device.split('.').nth(1).map(str::to_owned));
    }
    assert_eq!(devices[0], devices[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_passkeys_nobody_signs_in_by_one() {
    let app = TestApp::with(&["--issuer=http://192.0.2.1"]).await;
    let started = start(&app.anonymous()).await;
    assert_eq!(started["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{started}");
    let options = json!({ "challenge": "", "rpId": "localhost" });
    let answer = finish(&app.anonymous(), &Authenticator::synced().sign_in(&options)).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{answer}");
}
