//! How many attempts are borne.

use serde_json::json;

use super::{ADA, remove, rename};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_limited_by_account() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (ada, phone) = (app.registered(ADA).await, app.anonymous().login(ADA).await);
    for _ in 0..5 {
        let credential = Authenticator::synced().register(&ada.start_passkey().await["options"]);
        let added = phone.try_add_passkey(&credential, None).await;
        assert_eq!(kind(&remove(&ada, &added["passkey"]["id"]).await), "RemovePasskeySuccess", "{added}");
    }
    let limited = [ada.start_passkey().await, remove(&phone, &json!("")).await];
    assert!(limited.iter().all(|outcome| kind(outcome) == "RateLimited"), "{limited:?}");
    let grace = app.registered("grace@example.com").await;
    assert_eq!(kind(&grace.start_passkey().await), "PasskeyOptions");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_but_time_is_limited_by_session() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let mut kinds = Vec::new();
    for _ in 0..310 {
        kinds.push(kind(&ada.try_add_passkey(&json!({}), None).await).to_owned());
    }
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    assert_eq!((count("InvalidPasskey"), count("RateLimited")), (300, 10), "{kinds:?}");
    assert_eq!(kind(&rename(&ada, &json!(""), "x").await), "RateLimited");
    assert_eq!(kind(&eve.try_add_passkey(&json!({}), None).await), "InvalidPasskey", "other sessions go on");
}
