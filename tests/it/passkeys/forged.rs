//! Registrations that are made up, altered or repeated.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ADA, stored};
use crate::support::flows::kind;
use crate::support::passkeys::{Authenticator, flags};
use crate::support::{Client, TestApp};
use crate::totp::events;

/// Nothing came of what was tried, and the right answer to the same challenge is accepted still.
async fn still_open(app: &TestApp, client: &Client, right: &Value) {
    assert_eq!((stored(app).await, events(app, "passkey_added").await), (0, 0));
    assert_eq!(app.database.count("SELECT count(*) FROM used_challenges").await, 0);
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
    let added = client.try_add_passkey(right, None).await;
    assert_eq!(kind(&added), "AddPasskeySuccess", "{added}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_page_relying_party_or_challenge_or_without_its_user_is_refused() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let options = ada.start_passkey().await["options"].clone();
    let forge = |change: &dyn Fn(&mut Authenticator)| {
        let mut authenticator = Authenticator::synced();
        change(&mut authenticator);
        authenticator.register(&options)
    };
    let mut of_eve = options.clone();
    of_eve["challenge"] = eve.start_passkey().await["options"]["challenge"].clone();
    let mut made_up = options.clone();
    made_up["challenge"] = json!("A".repeat(75));
    let mut longer = options.clone();
    longer["challenge"] = json!(format!("{}A", options["challenge"].as_str().expect("a challenge")));
    let forged = [
        ("origin", forge(&|it| "https://evil.example".clone_into(&mut it.origin))),
        ("scheme", forge(&|it| "https://localhost:8080".clone_into(&mut it.origin))),
        ("port", forge(&|it| "http://localhost:8081".clone_into(&mut it.origin))),
        ("RP ID", forge(&|it| it.rp_id = Some("evil.example".to_owned()))),
        ("not verified", forge(&|it| it.flags &= !flags::VERIFIED)),
        ("not present", forge(&|it| it.flags &= !flags::PRESENT)),
        ("backed up without a backup", forge(&|it| it.flags &= !flags::BACKUP_ELIGIBLE)),
        ("type", forge(&|it| it.kind = Some("webauthn.get"))),
        ("long id", forge(&|it| it.id = vec![1; 1024])),
        ("no id", forge(&|it| it.id = Vec::new())),
        ("another account's challenge", Authenticator::synced().register(&of_eve)),
        ("a made-up challenge", Authenticator::synced().register(&made_up)),
        ("a longer challenge", Authenticator::synced().register(&longer)),
    ];
    for (what, credential) in forged {
        assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "InvalidPasskey", "{what}");
    }
    let right = Authenticator::synced().register(&options);
    assert_eq!(kind(&eve.try_add_passkey(&right, None).await), "InvalidPasskey", "by another account");
    still_open(&app, &ada, &right).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_json_and_cbor_are_refused() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let right = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let mut broken = Vec::new();
    for part in ["attestationObject", "clientDataJSON"] {
        let bytes = URL_SAFE_NO_PAD.decode(right["response"][part].as_str().expect("base64url")).expect("base64url");
        for length in (0..bytes.len()).step_by(7) {
            let mut cut = right.clone();
            cut["response"][part] = json!(URL_SAFE_NO_PAD.encode(&bytes[..length]));
            broken.push(cut);
        }
        for value in [Value::Null, json!(7), json!([]), json!({}), json!("%"), json!("A"), json!("A".repeat(40_000))] {
            let mut other = right.clone();
            other["response"][part] = value;
            broken.push(other);
        }
    }
    for part in ["id", "rawId", "type", "response"] {
        let mut without = right.clone();
        without.as_object_mut().expect("an object").remove(part);
        broken.push(without);
    }
    for credential in broken {
        assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "InvalidPasskey", "{credential:.300}");
    }
    // The scalar is an object.
    for credential in [Value::Null, json!("x"), json!([right]), json!(7)] {
        let refused = ada.try_add_passkey(&credential, None).await;
        assert!(refused["errors"][0]["extensions"]["code"].is_string(), "{refused:.300}");
    }
    still_open(&app, &ada, &right).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_refused_without_harm() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let right = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let mut large = right.clone();
    large["response"]["attestationObject"] = json!("o".repeat(1_000_000));
    let mut deep = right.clone();
    deep["response"]["attestationObject"] = json!(URL_SAFE_NO_PAD.encode([0x81; 12_000]));
    assert_eq!(kind(&ada.try_add_passkey(&deep, None).await), "InvalidPasskey", "lists in lists");
    let query = "mutation($i: AddPasskeyInput!) { addPasskey(input: $i) { __typename } }";
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies = [
        json!({ "query": query, "variables": { "i": { "credential": large } } }).to_string(),
        format!("{{\"query\":{},\"variables\":{{\"i\":{{\"credential\":{{\"id\":{nested}}}}}}}}}", json!(query)),
    ];
    for body in bodies {
        let answer = ada.post(body).send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
    still_open(&app, &ada, &right).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_that_send_the_same_answer_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let right = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&ada);
    let clients = [&*ada, &there];
    let outcomes = join_all((0..50).map(|number| clients[number % 2].try_add_passkey(&right, None))).await;
    let count = |wanted: &str| outcomes.iter().filter(|outcome| kind(outcome) == wanted).count();
    assert_eq!((count("AddPasskeySuccess"), count("FlowExpired")), (1, 49), "{outcomes:?}");
    assert_eq!((stored(&app).await, events(&app, "passkey_added").await), (1, 1));
    assert_eq!(app.mails_to(ADA).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_no_more_than_twenty_whatever_is_added_at_once() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(Authenticator::synced().register(&ada.start_passkey().await["options"]));
    }
    ada.try_add_passkey(&answers[0], None).await;
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&ada);
    let clients = [&*ada, &there];
    let adding = (1..30).map(|number| clients[number % 2].try_add_passkey(&answers[number], None));
    let outcomes = join_all(adding).await;
    let count = |wanted: &str| outcomes.iter().filter(|outcome| kind(outcome) == wanted).count();
    assert_eq!((count("AddPasskeySuccess"), count("TooManyPasskeys")), (19, 10), "{outcomes:?}");
    assert_eq!(stored(&app).await, 20);
}
