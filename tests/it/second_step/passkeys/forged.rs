//! Answers that are no passkey's of the account, or are for something else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{invalid, passkey, show, tries, used, with_passkey};
use crate::second_step::reset::NEW;
use crate::second_step::{ADA, complete, first};
use crate::support::TestApp;
use crate::support::passkeys::{Authenticator, flags};
use crate::totp::{events, kind};

/// A sign-in of its own for each answer, so that none is over. Each counts in it.
async fn refused(app: &TestApp, answer: &Value, why: &str) {
    let asked = first(app).await;
    refused_in(app, &asked, answer, why).await;
}

async fn refused_in(app: &TestApp, asked: &Value, answer: &Value, why: &str) {
    let before = (tries(app).await, events(app, "second_factor_failed").await);
    assert_eq!(complete(&app.anonymous(), asked, passkey(answer)).await, invalid(), "{why}");
    let after = (tries(app).await, events(app, "second_factor_failed").await);
    assert_eq!(after, (before.0 + 1, before.1 + 1), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_counts_for_its_sign_in_alone() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let (ada, _) = with_passkey(&app, &mut authenticator).await;
    let other = first(&app).await["passkeyOptions"]["challenge"].clone();
    let alone = crate::passkey_sign_in::start(&app.anonymous()).await["challenge"].clone();
    let registration = ada.start_passkey().await["options"]["challenge"].clone();
    // So that the mail that tells of the passkey is older.
    app.clock.advance(Duration::from_secs(1));
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.mail_to(ADA).await.by_link();
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    let client = app.anonymous();
    let reset =
        crate::second_step::reset::reset(&client, &reset, NEW, Value::Null).await["passkeyOptions"]["challenge"]
            .clone();
    let made_up = json!(URL_SAFE_NO_PAD.encode([7; 56]));
    for challenge in [&other, &alone, &registration, &reset, &made_up, &json!("")] {
        assert!(challenge.is_string());
        let options = json!({ "challenge": challenge, "rpId": "localhost" });
        refused(&app, &authenticator.sign_in(&options), "another challenge").await;
    }
    // And its challenge for nothing else.
    let options = first(&app).await["passkeyOptions"].clone();
    let answer = authenticator.sign_in(&options);
    assert_eq!(crate::passkey_sign_in::finish(&app.anonymous(), &answer).await, invalid());
    assert_eq!(used(&app).await, 0);
    assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut authenticator).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_shows_the_passkey_of_another_account() {
    let app = TestApp::start().await;
    let (mut authenticator, mut hers) = (Authenticator::synced(), Authenticator::synced());
    with_passkey(&app, &mut authenticator).await;
    let eve = app.registered("eve@example.com").await;
    eve.add_passkey(&mut hers).await;
    let options = |asked: &Value| asked["passkeyOptions"].clone();
    for handle in [hers.user_handle.clone(), authenticator.user_handle.clone(), None] {
        hers.user_handle = handle;
        let asked = first(&app).await;
        refused_in(&app, &asked, &hers.sign_in(&options(&asked)), "her own").await;
    }
    // Her signature under the id of the account's passkey, and a passkey that nobody has.
    for id in [authenticator.id.clone(), vec![7; 32]] {
        hers.id = id;
        let asked = first(&app).await;
        refused_in(&app, &asked, &hers.sign_in(&options(&asked)), "another id").await;
    }
    // What the account's passkey signs says whose it is.
    let (own, good) = (authenticator.user_handle.clone(), authenticator.id.clone());
    for handle in [Some(vec![7; 16]), Some(Vec::new()), Some(vec![7; 64])] {
        authenticator.user_handle = handle;
        let asked = first(&app).await;
        refused_in(&app, &asked, &authenticator.sign_in(&options(&asked)), "another handle").await;
    }
    assert_eq!((used(&app).await, &authenticator.id), (0, &good));
    // An authenticator may leave it out, where it is asked for certain passkeys.
    for handle in [None, own] {
        authenticator.user_handle = handle;
        assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut authenticator).await), "LoginSuccess");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_and_the_authenticator_say_is_held() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let (origin, good) = (authenticator.origin.clone(), authenticator.flags);
    let forged = async |authenticator: &mut Authenticator, why: &str| {
        let asked = first(&app).await;
        let answer = authenticator.sign_in(&asked["passkeyOptions"]);
        refused_in(&app, &asked, &answer, why).await;
    };
    for other in ["https://evil.example", "http://localhost", "null", ""] {
        authenticator.origin = other.to_owned();
        forged(&mut authenticator, other).await;
    }
    authenticator.origin = origin;
    authenticator.rp_id = Some("evil.example".to_owned());
    forged(&mut authenticator, "another RP ID").await;
    authenticator.rp_id = None;
    authenticator.kind = Some("webauthn.create");
    forged(&mut authenticator, "another ceremony").await;
    authenticator.kind = None;
    for missing in [flags::PRESENT, flags::VERIFIED, flags::BACKUP_ELIGIBLE] {
        authenticator.flags = good & !missing;
        forged(&mut authenticator, "flags").await;
    }
    authenticator.flags = good;
    assert_eq!(used(&app).await, 0);
    assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut authenticator).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_counts_as_a_wrong_one_and_five_end_the_sign_in() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let asked = first(&app).await;
    let good = authenticator.sign_in(&asked["passkeyOptions"]);
    let part = |name: &str, value: Value| {
        let mut answer = good.clone();
        answer["response"][name] = value;
        answer
    };
    let signature = good["response"]["signature"].as_str().expect("a signature");
    let data = good["response"]["authenticatorData"].as_str().expect("data");
    let mut without_id = good.clone();
    without_id.as_object_mut().expect("an object").remove("rawId");
    let broken = [
        json!({}),
        without_id,
        part("signature", json!(&signature[..signature.len() - 8])),
        part("authenticatorData", json!(&data[..data.len() / 2])),
        part("clientDataJSON", json!("A".repeat(20_000))),
    ];
    for answer in &broken {
        refused_in(&app, &asked, answer, "broken").await;
    }
    assert_eq!(kind(&complete(&app.anonymous(), &asked, passkey(&good)).await), "FlowExpired");
    for answer in [part("signature", Value::Null), part("authenticatorData", json!(7)), json!({ "id": { "a": [] } })] {
        refused(&app, &answer, "broken").await;
    }
    for odd in [Value::Null, json!("text"), json!(7), json!([])] {
        let asked = first(&app).await;
        let answer = complete(&app.anonymous(), &asked, passkey(&odd)).await;
        assert!(answer["errors"].is_array(), "{odd}: {answer}");
    }
    assert_eq!(used(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_removed_and_a_sign_in_that_is_over_are_refused() {
    let app = TestApp::start().await;
    let (mut first_key, mut second_key) = (Authenticator::synced(), Authenticator::synced());
    let (ada, _) = with_passkey(&app, &mut first_key).await;
    ada.add_passkey(&mut second_key).await;
    let asked = first(&app).await;
    app.database
        .execute(&format!(
            "DELETE FROM passkeys WHERE encode(credential_id, 'base64') = '{}'",
            STANDARD.encode(&first_key.id)
        ))
        .await;
    refused_in(&app, &asked, &first_key.sign_in(&asked["passkeyOptions"]), "removed").await;
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(kind(&show(&app.anonymous(), &asked, &mut second_key).await), "FlowExpired");
    assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut second_key).await), "LoginSuccess");
}
