//! Renaming and removing passkeys.

use std::time::Duration;

use serde_json::json;

use super::{ADA, remove, rename, stored};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::totp::{enrolled, events, factors};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_renames_a_passkey_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let passkey = ada.add_passkey(&mut Authenticator::synced()).await["passkey"].clone();
    let renamed = rename(&ada, &passkey["id"], " Ada's  key ").await;
    assert_eq!(renamed["passkey"], json!({ "id": passkey["id"], "name": "Ada's  key" }), "{renamed}");
    assert_eq!(ada.passkeys().await[0]["name"], "Ada's  key");
    for (name, code) in [("", "TOO_SHORT"), (&"x".repeat(65), "TOO_LONG"), ("a\u{2028}b", "INVALID_FORMAT")] {
        let refused = rename(&ada, &passkey["id"], name).await;
        assert_eq!(refused["fields"], json!([{ "path": ["input", "name"], "code": code }]), "{refused}");
    }
    assert_eq!(kind(&rename(&eve, &passkey["id"], "Eve's").await), "PasskeyNotFound");
    for id in [json!(""), json!("x"), json!(ada.user_id()), json!(7), json!("00000000-0000-0000-0000-000000000000")] {
        assert_eq!(kind(&rename(&ada, &id, "none").await), "PasskeyNotFound", "{id}");
        assert_eq!(kind(&remove(&ada, &id).await), "PasskeyNotFound", "{id}");
    }
    assert_eq!(
        (ada.passkeys().await[0]["name"].clone(), events(&app, "passkey_renamed").await),
        (json!("Ada's  key"), 1)
    );
    // This needs no fresh session.
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(kind(&rename(&*ada.refresh().await, &passkey["id"], "later").await), "RenamePasskeySuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_go_with_the_last_factor_and_a_mail_tells_of_each() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone());
    }
    rename(&ada, &ids[0], "Büro (2)").await;
    assert_eq!(kind(&remove(&eve, &ids[0]).await), "PasskeyNotFound");
    app.clock.advance(Duration::from_secs(1));
    let removed = remove(&ada, &ids[0]).await;
    assert_eq!((kind(&removed), &removed["removedId"]), ("RemovePasskeySuccess", &ids[0]), "{removed}");
    let mail = app.mail_to(ADA).await;
    assert!(mail.text().starts_with("A passkey was removed\n"), "{}", mail.text());
    assert!(mail.text().contains("Passkey: Büro (2)\n"), "{}", mail.text());
    assert_eq!(kind(&remove(&ada, &ids[0]).await), "PasskeyNotFound");
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 10);
    assert_eq!(kind(&remove(&ada, &ids[1]).await), "RemovePasskeySuccess");
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 0);
    assert_eq!((stored(&app).await, events(&app, "passkey_removed").await), (0, 2));
    // The next one is a first one again.
    let added = ada.add_passkey(&mut Authenticator::synced()).await;
    assert_eq!(added["recoveryCodes"].as_array().map(Vec::len), Some(10), "{added}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_and_a_passkey_each_keep_the_recovery_codes_when_the_other_goes() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let id = ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone();
    let started = crate::totp::start(&ada).await;
    let code = crate::totp::Authenticator::new(&started).code(&app, 0);
    assert_eq!(crate::totp::confirm(&ada, &started, &code).await["recoveryCodes"], json!([]));
    assert_eq!(kind(&crate::totp::remove(&ada).await), "RemoveTotpSuccess");
    assert_eq!(factors(&ada).await, json!({ "totpEnabledAt": null, "recoveryCodesLeft": 10 }), "the passkey is there");
    // The other way round.
    app.clock.advance(Duration::from_secs(30));
    let started = crate::totp::start(&ada).await;
    let code = crate::totp::Authenticator::new(&started).code(&app, 0);
    assert_eq!(kind(&crate::totp::confirm(&ada, &started, &code).await), "ConfirmTotpSuccess");
    assert_eq!(kind(&remove(&ada, &id).await), "RemovePasskeySuccess");
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 10, "the app is there");
    assert_eq!(kind(&crate::totp::remove(&ada).await), "RemoveTotpSuccess");
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 0);
    let (_, codes) = enrolled(&app, &ada).await;
    assert_eq!(codes.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_fresh_removes_one() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let id = ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone();
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(kind(&remove(&*ada.refresh().await, &id).await), "ReauthenticationRequired");
    assert_eq!(stored(&app).await, 1);
}
