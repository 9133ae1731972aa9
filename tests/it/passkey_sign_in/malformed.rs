//! Answers that are not of the form that WebAuthn has.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{ADA, FINISH, finish, invalid, opened, start, with_passkey};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;

const PARTS: [&str; 3] = ["clientDataJSON", "authenticatorData", "signature"];

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_cut_missing_or_of_another_type_are_refused() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let client = app.anonymous();
    let answer = authenticator.sign_in(&start(&client).await);
    let mut broken = Vec::new();
    for part in PARTS {
        let bytes = URL_SAFE_NO_PAD.decode(answer["response"][part].as_str().expect("text")).expect("base64url");
        let cuts = (0..bytes.len()).step_by(3).map(|length| json!(URL_SAFE_NO_PAD.encode(&bytes[..length])));
        let longer = [bytes.as_slice(), &[0xa0]].concat();
        let others =
            [json!(null), json!(7), json!([1]), json!("=="), json!("\u{0}"), json!(URL_SAFE_NO_PAD.encode(longer))];
        for other in cuts.chain(others) {
            let mut changed = answer.clone();
            changed["response"][part] = other;
            broken.push(changed);
        }
        let mut missing = answer.clone();
        missing["response"].as_object_mut().expect("an object").remove(part);
        broken.push(missing);
    }
    for part in ["id", "rawId", "type", "response"] {
        for other in [json!(null), json!(7), json!("x"), json!({})] {
            let mut changed = answer.clone();
            changed[part] = other;
            broken.push(changed);
        }
    }
    broken.push(json!({}));
    for credential in broken {
        assert_eq!(finish(&client, &credential).await, invalid(), "{credential}");
    }
    assert_eq!(opened(&app).await, 0);
    assert_eq!(kind(&finish(&client, &answer).await), "LoginSuccess");
}

/// The bit that says that extensions follow is set in front of broken CBOR, in an answer that is signed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn broken_cbor_is_refused_though_it_is_signed() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let client = app.anonymous();
    authenticator.flags |= 0x80;
    let answer = authenticator.sign_in(&start(&client).await);
    let data =
        URL_SAFE_NO_PAD.decode(answer["response"]["authenticatorData"].as_str().expect("text")).expect("base64url");
    let deep = [vec![0x81; 3000], vec![0]].concat();
    for rest in [
        &[0xa1][..],
        &[0xa1, 0x61],
        &[0xbf],
        &[0xa0, 0xa0],
        &[0x80],
        &[0xff],
        &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &deep,
    ] {
        let mut changed = answer.clone();
        changed["response"]["authenticatorData"] = URL_SAFE_NO_PAD.encode([&data, rest].concat()).into();
        assert_eq!(finish(&client, &changed).await, invalid(), "{:x?}", &rest[..rest.len().min(9)]);
    }
    assert_eq!(opened(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_or_too_large_is_no_credential() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for credential in [json!(null), json!("{}"), json!([]), json!(7)] {
        let answer = client.send(FINISH, json!({ "i": { "credential": credential } })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{credential}: {answer}");
    }
    let mut authenticator = Authenticator::synced();
    authenticator.user_handle = Some(vec![0; 16]);
    let answer = authenticator.sign_in(&start(&client).await);
    let large = |part: &str| {
        let mut changed = answer.clone();
        changed["response"][part] = "A".repeat(20_000).into();
        changed
    };
    for credential in PARTS.into_iter().chain(["userHandle"]).map(large) {
        assert_eq!(finish(&client, &credential).await, invalid());
    }
    let mut many: Value = answer.clone();
    many["clientExtensionResults"] = json!({ "x": "A".repeat(2_000_000) });
    let body = json!({ "query": FINISH, "variables": { "i": { "credential": many } } });
    let refused = client.post(body.to_string()).send().await.expect("an answer");
    assert_eq!(refused.status(), 413);
    assert_eq!(opened(&app).await, 0);
}
