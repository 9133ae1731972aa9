//! Adding passkeys.

use std::time::Duration;

use serde_json::{Value, json};

use super::ADA;
use crate::passkey_sign_in::again::{asked, prove_by};
use crate::support::flows::{held_up, kind};
use crate::support::passkeys::Authenticator;
use crate::support::{Client, PASSWORD, SignedIn, TestApp};
use crate::totp::{enrolled, events, factors};

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_with_recovery_codes_and_a_mail_tells_of_it() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    assert_eq!(ada.passkeys().await, json!([]));
    let mut authenticator = Authenticator::synced();
    authenticator.aaguid = [7; 16];
    let started = ada.start_passkey().await;
    assert_eq!((kind(&started), &started["expiresAt"]), ("PasskeyOptions", &json!("2026-01-01T00:10:00Z")));
    let options = &started["options"];
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("localhost"), &json!(ADA)), "{options}");
    assert_eq!(options["excludeCredentials"], json!([]));
    let credential = authenticator.register(options);
    app.clock.advance(Duration::from_secs(9));
    let added = ada.try_add_passkey(&credential, Some("  <b>Ada's</b> laptop\n")).await;
    assert_eq!(kind(&added), "AddPasskeySuccess", "{added}");
    assert_eq!(added["recoveryCodes"].as_array().map(Vec::len), Some(10), "{added}");
    let passkey = &added["passkey"];
    let shown = json!({
        "id": passkey["id"], "name": "<b>Ada's</b> laptop", "createdAt": "2026-01-01T00:00:09Z", "lastUsedAt": null,
        "backedUp": true, "aaguid": "07070707-0707-0707-0707-070707070707",
    });
    assert_eq!((passkey, ada.passkeys().await), (&shown, json!([shown])));
    assert_eq!(factors(&ada).await, json!({ "totpEnabledAt": null, "recoveryCodesLeft": 10 }));
    assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "FlowExpired", "the challenge is used");
    let recorded = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind = 'passkey_added'";
    assert_eq!(app.database.count(recorded).await, 1);
    let mail = app.mail_to(ADA).await;
    assert!(mail.text().starts_with("A passkey was added\n"), "{}", mail.text());
    // What is typed between those marks might be a link, so plain text leaves it out.
    assert!(!mail.text().contains("laptop"), "{}", mail.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_ones_bring_no_codes_and_authenticators_are_told_what_is_there() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    enrolled(&app, &ada).await;
    let mut authenticators = [Authenticator::synced(), Authenticator::device_bound()];
    for authenticator in &mut authenticators {
        assert_eq!(ada.add_passkey(authenticator).await["recoveryCodes"], json!([]));
        app.clock.advance(Duration::from_secs(1));
    }
    let started = ada.start_passkey().await;
    let excluded = started["options"]["excludeCredentials"].as_array().expect("a list");
    let ids = authenticators.map(|mut authenticator| authenticator.register(&started["options"])["id"].clone());
    assert_eq!(excluded.iter().map(|it| it["id"].clone()).collect::<Vec<_>>(), ids);
    assert_eq!(excluded[0]["transports"], json!(["hybrid", "internal"]));
    let passkeys = ada.passkeys().await;
    let of = |field: &str| passkeys.as_array().expect("a list").iter().map(|it| it[field].clone()).collect::<Vec<_>>();
    assert_eq!((of("name"), of("backedUp")), (vec![json!("Passkey"); 2], vec![json!(true), json!(false)]));
    assert_eq!(events(&app, "passkey_added").await, 2);
    // Nobody sees those of others.
    assert_eq!(app.registered("eve@example.com").await.passkeys().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_passkeys_have_the_same_credential_id_whosever_they_are() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let mut authenticator = Authenticator::synced();
    ada.add_passkey(&mut authenticator).await;
    let mut same = Authenticator::synced();
    same.id.clone_from(&authenticator.id);
    for client in [&ada, &eve] {
        let credential = same.register(&client.start_passkey().await["options"]);
        assert_eq!(kind(&client.try_add_passkey(&credential, None).await), "InvalidPasskey");
        assert_eq!(kind(&client.try_add_passkey(&credential, None).await), "FlowExpired", "it was answered");
    }
    assert_eq!(factors(&eve).await["recoveryCodesLeft"], 0);
    assert_eq!(app.database.count("SELECT count(*) FROM passkeys").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_line_of_64_characters() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let credential = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    for (name, code) in [
        ("", "TOO_SHORT"),
        (" \t", "TOO_SHORT"),
        (&"ü".repeat(65), "TOO_LONG"),
        ("a\nb", "INVALID_FORMAT"),
        ("a\0b", "INVALID_FORMAT"),
        ("a\u{202e}b", "INVALID_FORMAT"),
    ] {
        let refused = ada.try_add_passkey(&credential, Some(name)).await;
        let field = &refused["fields"][0];
        assert_eq!((kind(&refused), &field["code"]), ("InvalidInput", &json!(code)), "{name:?}");
        assert_eq!(field["path"], json!(["input", "name"]));
    }
    // Signing in is not adding.
    let assertion = Authenticator::synced().sign_in(&json!({ "challenge": "AAAA", "rpId": "localhost" }));
    assert_eq!(kind(&ada.try_add_passkey(&assertion, None).await), "InvalidPasskey");
    // Nothing was used up by that.
    let added = ada.try_add_passkey(&credential, Some(&"ü".repeat(64))).await;
    assert_eq!(added["passkey"]["name"], "ü".repeat(64), "{added}");
}

/// The same session, whose owner has just proved by the password who they are.
async fn fresh(app: &TestApp, session: &SignedIn) -> Client {
    let proven = crate::reauthenticate::prove(session, PASSWORD).await;
    app.anonymous().with_token(proven["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{proven}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_fresh_adds_passkeys_and_not_later_than_ten_minutes() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.clock.advance(Duration::from_secs(9 * 60));
    let mut authenticator = Authenticator::synced();
    let credential = authenticator.register(&ada.start_passkey().await["options"]);
    app.clock.advance(Duration::from_secs(60));
    let ada = ada.refresh().await;
    assert_eq!(kind(&ada.start_passkey().await), "ReauthenticationRequired");
    let refused = ada.try_add_passkey(&credential, None).await;
    assert_eq!((kind(&refused), &refused["methods"][0]), ("ReauthenticationRequired", &json!("PASSWORD")), "{refused}");
    let fresh = fresh(&app, &ada).await;
    assert_eq!(kind(&fresh.try_add_passkey(&credential, None).await), "AddPasskeySuccess");
    let credential = Authenticator::synced().register(&fresh.start_passkey().await["options"]);
    app.clock.advance(Duration::from_secs(10 * 60));
    let ada = ada.refresh().await;
    let proven = prove_by(&ada, &mut authenticator, &asked(&ada).await["passkeyOptions"]).await;
    let fresh = ada.with_token(proven["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{proven}")));
    assert_eq!(kind(&fresh.try_add_passkey(&credential, None).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_adds_none() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let credential = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let by = ada.session_id().to_owned();
    let end = format!("UPDATE sessions SET revoked_at = '2026-01-01' WHERE id = '{by}'");
    let lock = format!("SELECT FROM accounts WHERE id = '{}' FOR UPDATE", ada.user_id());
    let request = {
        let ada = ada.clone();
        async move { ada.try_add_passkey(&credential, None).await }
    };
    let refused = held_up(&app, &lock, request, async || {
        app.database.execute(&end).await;
    })
    .await;
    assert_eq!(refused["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{refused}");
    for table in ["passkeys", "used_challenges", "recovery_codes"] {
        assert_eq!(app.database.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

/// The codes go with the last factor.
#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_is_the_first_again_when_it_is_added_brings_codes() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    enrolled(&app, &ada).await;
    let credential = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let gone = "SELECT FROM accounts FOR NO KEY UPDATE; DELETE FROM totps; DELETE FROM recovery_codes";
    let request = {
        let ada = ada.clone();
        async move { ada.try_add_passkey(&credential, None).await }
    };
    let added = held_up(&app, gone, request, async || {}).await;
    assert_eq!(added["recoveryCodes"].as_array().map(Vec::len), Some(10), "{added}");
    assert_eq!(factors(&ada).await, json!({ "totpEnabledAt": null, "recoveryCodesLeft": 10 }));
    assert_eq!((events(&app, "passkey_added").await, app.mails_to(ADA).await.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_at_most_twenty() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    ada.add_passkey(&mut Authenticator::synced()).await;
    let credential = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let more = "INSERT INTO passkeys SELECT gen_random_uuid(), account_id, decode(md5(n::text), 'hex'), public_key, sign_count, \
        is_backup_eligible, is_backed_up, aaguid, transports, name, created_at FROM passkeys, generate_series(1, 18) n";
    app.database.execute(more).await;
    ada.add_passkey(&mut Authenticator::synced()).await;
    assert_eq!(kind(&ada.start_passkey().await), "TooManyPasskeys");
    assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "TooManyPasskeys");
    assert_eq!(ada.passkeys().await.as_array().map(Vec::len), Some(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_browsers_have_no_passkeys_nobody_adds_one() {
    let app = TestApp::with(&["--issuer=http://127.0.0.1:8080"]).await;
    let ada = app.registered(ADA).await;
    let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code(&ada.start_passkey().await), "FEATURE_DISABLED");
    assert_eq!(code(&ada.try_add_passkey(&json!({}), None).await), "FEATURE_DISABLED");
    assert_eq!(ada.passkeys().await, json!([]));
}
