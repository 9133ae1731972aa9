//! Signing in with a passkey as the second factor.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{invalid, passkey, show, used, with_passkey};
use crate::second_step::{by_mail, complete, first, totp};
use crate::support::TestApp;
use crate::support::passkeys::{Authenticator, flags};
use crate::totp::{STEP, enrolled, events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_passkey_is_signed_in_by_the_password_and_that() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let asked = first(&app).await;
    assert_eq!((kind(&asked), &asked["methods"]), ("SecondFactorRequired", &json!(["PASSKEY", "RECOVERY_CODE"])));
    let options = &asked["passkeyOptions"];
    let allowed = json!([{
        "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&authenticator.id), "transports": ["hybrid", "internal"],
    }]);
    assert_eq!((&options["allowCredentials"], &options["userVerification"]), (&allowed, &json!("required")));
    app.clock.advance(STEP);
    // It is not backed up any more.
    authenticator.flags &= !flags::BACKED_UP;
    let success = show(&app.anonymous(), &asked, &mut authenticator).await;
    assert_eq!(
        (kind(&success), &success["session"]["methods"]),
        ("LoginSuccess", &json!(["PASSWORD", "PASSKEY"])),
        "{success}"
    );
    let ada = app.anonymous().signed_in(&success);
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
    let shown = ada.passkeys().await;
    assert_eq!(
        (&shown[0]["lastUsedAt"], &shown[0]["backedUp"]),
        (&json!("2026-01-01T00:00:30Z"), &json!(false)),
        "{shown}"
    );
    let of_session = format!(
        "SELECT count(*) FROM audit_events WHERE kind IN ('passkey_used', 'logged_in') AND session_id = '{}'",
        success["session"]["id"].as_str().expect("an id")
    );
    assert_eq!((app.database.count(&of_session).await, events(&app, "passkey_sign_count_fell").await), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_after_a_mail_as_well() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, &mut authenticator).await;
    // So that the mail that tells of the passkey is older.
    app.clock.advance(STEP);
    let asked = by_mail(&app, &app.anonymous()).await;
    let success = show(&app.anonymous(), &asked, &mut authenticator).await;
    assert_eq!((kind(&success), &success["session"]["methods"]), ("LoginSuccess", &json!(["EMAIL", "PASSKEY"])));
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:00:30Z", "the address is proven by that");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_signs_in_to_an_account_that_has_passkeys_alone() {
    let app = TestApp::start().await;
    let (_, codes) = with_passkey(&app, &mut Authenticator::synced()).await;
    let asked = first(&app).await;
    assert_eq!(kind(&complete(&app.anonymous(), &asked, totp("000000")).await), "InvalidCode", "it has no app");
    let success = complete(&app.anonymous(), &asked, json!({ "recoveryCode": codes[9] })).await;
    assert_eq!(
        (kind(&success), &success["session"]["methods"]),
        ("LoginSuccess", &json!(["PASSWORD", "RECOVERY_CODE"]))
    );
    assert_eq!((events(&app, "recovery_code_used").await, events(&app, "passkey_used").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_factors_does() {
    let app = TestApp::start().await;
    let mut keys = [Authenticator::synced(), Authenticator::device_bound()];
    let (ada, _) = with_passkey(&app, &mut keys[0]).await;
    ada.add_passkey(&mut keys[1]).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    for key in &mut keys {
        let asked = first(&app).await;
        assert_eq!(asked["methods"], json!(["PASSKEY", "TOTP", "RECOVERY_CODE"]));
        assert_eq!(kind(&show(&app.anonymous(), &asked, key).await), "LoginSuccess");
    }
    let asked = first(&app).await;
    assert_eq!(kind(&complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await), "LoginSuccess");
    ada.send("mutation { removeTotp { __typename } }", Value::Null).await;
    assert_eq!(first(&app).await["methods"][0], "PASSKEY");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_accepted_once_and_nowhere_else() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let asked = first(&app).await;
    let answer = authenticator.sign_in(&asked["passkeyOptions"]);
    assert_eq!(kind(&complete(&app.anonymous(), &asked, passkey(&answer)).await), "LoginSuccess");
    let used_once = used(&app).await;
    assert_eq!(kind(&complete(&app.anonymous(), &asked, passkey(&answer)).await), "FlowExpired");
    assert_eq!(complete(&app.anonymous(), &first(&app).await, passkey(&answer)).await, invalid());
    assert_eq!(crate::passkey_sign_in::finish(&app.anonymous(), &answer).await, invalid());
    // The flow is open again, by whatever mistake: its challenge is still used.
    let data = "UPDATE flows f SET consumed_at = NULL, data = (SELECT data FROM flows WHERE data IS NOT NULL LIMIT 1) \
        WHERE consumed_at IS NOT NULL";
    app.database.execute(data).await;
    assert_ne!(kind(&complete(&app.anonymous(), &asked, passkey(&answer)).await), "LoginSuccess");
    assert_eq!(used(&app).await, used_once);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_none_a_passkey_is_an_error_and_takes_no_try() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let (_, codes) = with_passkey(&app, &mut authenticator).await;
    let without = app.peer(&["--issuer", "https://192.0.2.7"]).await;
    let there = crate::support::Client::new(format!("http://{}/graphql", without.address));
    let asked = crate::second_step::login(&there, crate::support::PASSWORD).await;
    assert_eq!((&asked["methods"], &asked["passkeyOptions"]), (&json!(["RECOVERY_CODE"]), &Value::Null), "{asked}");
    let refused = complete(&there, &asked, passkey(&json!({}))).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{refused}");
    assert_eq!(super::tries(&app).await, 0);
    let success = complete(&there, &asked, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}
