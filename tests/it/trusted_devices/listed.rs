//! Owners see the devices that they trust, and end the trust.

use std::time::Duration;

use serde_json::{Value, json};

use super::{answer, devices, forget, listed, remember, trusted};
use crate::support::TestApp;
use crate::totp::{enrolled, events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sees_them_and_nobody_elses() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let shown = listed(&trusted.other).await;
    let expected = json!({
        "id": shown[0]["id"], "createdAt": "2026-01-01T00:00:30Z", "lastUsedAt": "2026-01-01T00:00:30Z",
        "expiresAt": "2026-01-31T00:00:30Z", "userAgent": "tests/1.0", "ipAddress": "127.0.0.1",
    });
    assert_eq!(shown, [expected]);
    assert_eq!(listed(&*app.registered("eve@example.com").await).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_ends_the_trust_in_some_or_in_all() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let ada = &trusted.other;
    let second = remember(&app, &app.anonymous(), &trusted.authenticator).await;
    let second = app.anonymous().on_device(second["deviceToken"].as_str().expect("a token"));
    let ids: Vec<_> = listed(ada).await.iter().map(|device| device["id"].clone()).collect();
    assert_eq!(ids.len(), 2, "the last used first");
    let eve = app.registered("eve@example.com").await;
    for unknown in [json!([]), json!([eve.user_id(), "", "no id", "\u{0}"])] {
        assert_eq!(forget(ada, unknown).await["forgottenIds"], json!([]));
    }
    for ids in [json!(ids), Value::Null] {
        assert_eq!(forget(&eve, ids).await["forgottenIds"], json!([]), "they are another's");
    }
    assert_eq!((events(&app, "devices_forgotten").await, devices(&app).await), (0, 2));
    assert_eq!(forget(ada, json!([ids[0], ids[0], "no id"])).await["forgottenIds"], json!([ids[0]]));
    assert_eq!(
        (answer(&second).await.as_str(), answer(&trusted.device).await.as_str()),
        ("SecondFactorRequired", "LoginSuccess")
    );
    assert_eq!(forget(ada, Value::Null).await["forgottenIds"], json!([ids[1]]));
    assert_eq!(answer(&trusted.device).await, "SecondFactorRequired");
    assert_eq!((events(&app, "devices_forgotten").await, devices(&app).await), (2, 0));
    assert_eq!(app.anonymous().signed_in(&trusted.success).is_signed_in().await, Ok(()), "sessions go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_forgets_nothing() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    // The access token is good until it is found out.
    let end = "UPDATE sessions SET revoked_at = now()";
    app.database.execute(end).await;
    let refused = forget(&trusted.other, Value::Null).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
    let refused = forget(&app.anonymous(), Value::Null).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
    assert_eq!(devices(&app).await, 1);
}

/// The list is the caller's own at each place where there is a user.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_needs_no_fresh_session() {
    let app = TestApp::start().await;
    let other = app.registered(crate::second_step::ADA).await;
    let (authenticator, _) = enrolled(&app, &other).await;
    remember(&app, &app.anonymous(), &authenticator).await;
    app.clock.advance(Duration::from_secs(60 * 60));
    let later = other.refresh().await;
    assert_eq!(listed(&later).await.len(), 1);
    assert_eq!(kind(&forget(&later, Value::Null).await), "ForgetTrustedDevicesSuccess");
    assert_eq!(listed(&later).await.len(), 0);
}
