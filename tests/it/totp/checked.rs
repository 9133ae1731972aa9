//! Codes that prove who somebody is.

use serde_json::{Value, json};

use super::{STEP, enrolled, events, kind, prove};
use crate::support::{TestApp, app::SECRET};

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_proves_once_who_the_caller_is() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let code = authenticator.code(&app, 0);
    let proven = prove(&ada, &code).await;
    assert_eq!((kind(&proven), &proven["freshUntil"]), ("ReauthenticateSuccess", &json!("2026-01-01T00:10:30Z")));
    let fresh = ada.with_token(proven["tokens"]["accessToken"].as_str().expect("a token"));
    let shown = fresh.send("{ me { sessions { nodes { methods authenticatedAt } } } }", Value::Null).await;
    let expected = json!([{ "methods": ["PASSWORD", "TOTP"], "authenticatedAt": "2026-01-01T00:00:30Z" }]);
    assert_eq!(shown["data"]["me"]["sessions"]["nodes"], expected, "{shown}");
    let again = prove(&ada, &code).await;
    assert_eq!((kind(&again), &again["code"], &again["triesLeft"]), ("InvalidCode", &json!("INVALID_CODE"), &json!(9)));
    assert_eq!((events(&app, "reauthenticated").await, events(&app, "second_factor_failed").await), (1, 1));
    assert_eq!(events(&app, "totp_used").await, 1);
    assert_eq!(events(&app, "reauthentication_failed").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_app_may_be_off_by_one_step_and_no_step_comes_twice() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    app.clock.advance(10 * STEP);
    for steps in [-2, 2, 60, -60] {
        assert_eq!(kind(&prove(&ada, &authenticator.code(&app, steps)).await), "InvalidCode", "{steps}");
    }
    // The earlier steps first, and none of them once a later one was accepted.
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, -1)).await), "ReauthenticateSuccess");
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 1)).await), "ReauthenticateSuccess");
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "InvalidCode", "a step of before");
    app.clock.advance(STEP);
    assert_eq!(
        kind(&prove(&ada, &authenticator.code(&app, 0)).await),
        "InvalidCode",
        "it was accepted before it began"
    );
    app.clock.advance(STEP);
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_that_confirmed_the_app_proves_nothing_more() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, -1)).await), "InvalidCode");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_proves_anything_by_what_is_no_code_of_theirs() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.registered(ADA).await, app.registered("eve@example.com").await);
    let (of_ada, _) = enrolled(&app, &ada).await;
    let other = prove(&eve, &of_ada.code(&app, 0)).await;
    assert_eq!(kind(&other), "InvalidCode", "she has no app: {other}");
    let (of_eve, _) = enrolled(&app, &eve).await;
    assert_eq!(kind(&prove(&eve, &of_ada.code(&app, 0)).await), "InvalidCode");
    for odd in ["", " ", "000000000", "\u{0}", "１２３４５６", &"1".repeat(10_000)] {
        assert_eq!(kind(&prove(&ada, odd).await), "InvalidCode", "{odd:.20}");
    }
    // Rows that somebody swaps in the database open nothing.
    app.clock.advance(STEP);
    let swap = "UPDATE totps t SET secret = o.secret FROM totps o WHERE o.account_id <> t.account_id";
    assert_eq!(app.database.execute(swap).await, 2);
    for (client, authenticator) in [(&ada, &of_ada), (&ada, &of_eve), (&eve, &of_ada), (&eve, &of_eve)] {
        assert_eq!(kind(&prove(client, &authenticator.code(&app, 0)).await), "InvalidCode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_previous_secret_of_the_deployment_sealed_is_sealed_anew_when_it_is_used() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let sealed = "SELECT encode(secret, 'hex') FROM totps";
    let before = app.database.texts(sealed).await;
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
    assert_eq!(app.database.texts(sealed).await, before, "it stays under the current one");
    app.clock.advance(STEP);
    let new = "a new secret of the tests, longer than 32 bytes";
    let url = &app.database.url;
    let next =
        crate::support::app::instance(url, &app.clock, new, &["--secret-previous", SECRET]).await.expect("an app");
    let next = crate::support::app::Peer::serve(std::sync::Arc::new(next)).await;
    let there = next.visited_by(&ada);
    assert_eq!(kind(&prove(&there, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
    assert_ne!(app.database.texts(sealed).await, before);
    app.clock.advance(STEP);
    assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "InvalidCode", "the old one does not open it");
    assert_eq!(kind(&prove(&there, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
}
