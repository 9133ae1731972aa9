//! Answers that are no passkey's, or are for something else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{ADA, finish, invalid, opened, sign_in, start, with_passkey};
use crate::second_step::login;
use crate::support::flows::kind;
use crate::support::passkeys::{Authenticator, flags};
use crate::support::{PASSWORD, TestApp};

const GRACE: &str = "grace@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_counts_for_a_sign_in_alone_and_for_ten_minutes() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    let anonymous = app.anonymous();
    let registration = ada.start_passkey().await["options"]["challenge"].clone();
    let second_factor = login(&anonymous, PASSWORD).await["passkeyOptions"]["challenge"].clone();
    app.clock.advance(Duration::from_secs(600));
    let required = "mutation { startPasskey { ... on ReauthenticationRequired { passkeyOptions } } }";
    let again = ada.refresh().await.send(required, Value::Null).await;
    let again = again["data"]["startPasskey"]["passkeyOptions"]["challenge"].clone();
    let flipped = start(&anonymous).await["challenge"].as_str().expect("a challenge").replace(['A', 'B'], "C");
    for challenge in [registration, second_factor, again, json!(""), json!("A".repeat(75)), json!(flipped)] {
        assert!(challenge.is_string());
        let options = json!({ "challenge": challenge, "rpId": "localhost" });
        assert_eq!(finish(&anonymous, &authenticator.sign_in(&options)).await, invalid(), "{challenge}");
    }
    let answer = authenticator.sign_in(&start(&anonymous).await);
    app.clock.advance(Duration::from_secs(600));
    let expired = finish(&anonymous, &answer).await;
    assert_eq!((kind(&expired), &expired["code"]), ("FlowExpired", &json!("FLOW_EXPIRED")), "{expired}");
    assert_eq!(opened(&app).await, 0);
    assert_eq!(kind(&sign_in(&anonymous, &mut authenticator).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_and_the_authenticator_say_is_held() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let client = app.anonymous();
    let (origin, good) = (authenticator.origin.clone(), authenticator.flags);
    for other in
        ["https://evil.example", "http://localhost", "http://localhost:8081", "https://localhost:8080", "null", ""]
    {
        authenticator.origin = other.to_owned();
        assert_eq!(sign_in(&client, &mut authenticator).await, invalid(), "{other}");
    }
    authenticator.origin = origin;
    for other in ["evil.example", "localhost:8080", "LOCALHOST", ""] {
        authenticator.rp_id = Some(other.to_owned());
        assert_eq!(sign_in(&client, &mut authenticator).await, invalid(), "{other}");
    }
    authenticator.rp_id = None;
    for other in ["webauthn.create", "webauthn.Get", ""] {
        authenticator.kind = Some(other);
        assert_eq!(sign_in(&client, &mut authenticator).await, invalid(), "{other}");
    }
    authenticator.kind = None;
    let (backed_up, eligible) = (flags::BACKED_UP, flags::BACKUP_ELIGIBLE);
    for other in [
        good & !flags::PRESENT,
        good & !flags::VERIFIED,
        good & !eligible,
        good & !eligible & !backed_up,
        good | 0x40,
        good | 0x80,
        0,
    ] {
        authenticator.flags = other;
        assert_eq!(sign_in(&client, &mut authenticator).await, invalid(), "{other:#x}");
    }
    authenticator.flags = good;
    assert_eq!(opened(&app).await, 0);
    assert_eq!(kind(&sign_in(&client, &mut authenticator).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_to_another_account() {
    let app = TestApp::start().await;
    let (mut adas, mut graces) = (Authenticator::synced(), Authenticator::synced());
    with_passkey(&app, ADA, &mut adas).await;
    with_passkey(&app, GRACE, &mut graces).await;
    let client = app.anonymous();
    let (id, handle) = (graces.id.clone(), graces.user_handle.clone());
    // Grace's key under Ada's names.
    for (id, handle) in [
        (adas.id.clone(), adas.user_handle.clone()),
        (adas.id.clone(), handle.clone()),
        (id.clone(), adas.user_handle.clone()),
        (id.clone(), None),
        (id.clone(), Some(b"ada".to_vec())),
        (id.clone(), Some(vec![0; 16])),
        (vec![7; 32], adas.user_handle.clone()),
        (vec![7; 1023], handle.clone()),
    ] {
        (graces.id, graces.user_handle) = (id, handle);
        assert_eq!(sign_in(&client, &mut graces).await, invalid());
    }
    assert_eq!(opened(&app).await, 0);
    (graces.id, graces.user_handle) = (id, handle);
    assert_eq!(kind(&sign_in(&client, &mut graces).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_can_not_be_changed() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let client = app.anonymous();
    let answer = authenticator.sign_in(&start(&client).await);
    for (part, at) in [("signature", 20), ("authenticatorData", 34), ("authenticatorData", 36)] {
        let mut changed = answer.clone();
        let mut bytes = URL_SAFE_NO_PAD.decode(answer["response"][part].as_str().expect("text")).expect("base64url");
        bytes[at] ^= 1;
        changed["response"][part] = URL_SAFE_NO_PAD.encode(bytes).into();
        assert_eq!(finish(&client, &changed).await, invalid(), "{part}");
    }
    // A page of another origin asks for a passkey and puts our origin into the answer.
    authenticator.origin = "https://evil.example".to_owned();
    let mut relayed = authenticator.sign_in(&start(&client).await);
    let data =
        URL_SAFE_NO_PAD.decode(relayed["response"]["clientDataJSON"].as_str().expect("text")).expect("base64url");
    let data = String::from_utf8(data).expect("JSON").replace("https://evil.example", "http://localhost:8080");
    relayed["response"]["clientDataJSON"] = URL_SAFE_NO_PAD.encode(data).into();
    assert_eq!(finish(&client, &relayed).await, invalid());
    // A challenge of ours is put into an answer to another one.
    let mut moved = answer.clone();
    let data = json!({ "type": "webauthn.get", "challenge": start(&client).await["challenge"], "origin": "http://localhost:8080" });
    moved["response"]["clientDataJSON"] = URL_SAFE_NO_PAD.encode(data.to_string()).into();
    assert_eq!(finish(&client, &moved).await, invalid());
    assert_eq!(opened(&app).await, 0);
    // None of this has used the challenge up.
    assert_eq!(kind(&finish(&client, &answer).await), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_removed_signs_nobody_in() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let answer = authenticator.sign_in(&start(&app.anonymous()).await);
    app.database.execute("DELETE FROM passkeys").await;
    assert_eq!(finish(&app.anonymous(), &answer).await, invalid());
    assert_eq!(sign_in(&app.anonymous(), &mut authenticator).await, invalid());
    assert_eq!(opened(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    let query = "mutation($i: DeleteAccountInput!) { deleteAccount(input: $i) { __typename } }";
    let deleted = ada.send(query, json!({ "i": { "password": PASSWORD } })).await;
    assert_eq!(deleted["data"]["deleteAccount"]["__typename"], "DeleteAccountSuccess", "{deleted}");
    assert_eq!(sign_in(&app.anonymous(), &mut authenticator).await, invalid());
    let traces = "SELECT count(*) FROM audit_events WHERE kind = 'login_failed' AND account_id IS NOT NULL";
    assert_eq!((opened(&app).await, app.database.count(traces).await), (0, 0));
}
