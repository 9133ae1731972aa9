//! How many wrong codes are borne.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{STEP, enrolled, events, kind, prove, remove, start};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_codes_in_an_hour_and_right_ones_do_not_count() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered(ADA).await;
    let phone = app.anonymous().login(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    for _ in 0..15 {
        app.clock.advance(STEP);
        assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
    }
    let ada = ada.refresh().await;
    let wrong = authenticator.wrong(&app);
    for left in (0..10).rev() {
        let refused = prove(&ada, &wrong).await;
        assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(left)), "{refused}");
    }
    // The sessions have a few together, which strangers do not use up.
    let phone = phone.refresh().await;
    for session in [&ada, &ada, &ada, &phone, &phone] {
        let refused = prove(session, &wrong).await;
        assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(0)), "{refused}");
    }
    app.clock.advance(STEP);
    let limited = prove(&ada, &authenticator.code(&app, 0)).await;
    assert_eq!(kind(&limited), "RateLimited", "{limited}");
    assert!(limited["retryAfter"].as_i64().is_some_and(|seconds| (1..=3600).contains(&seconds)), "{limited}");
    assert_eq!((events(&app, "second_factor_failed").await, events(&app, "limited").await), (15, 1));
    assert_eq!(kind(&prove(&phone, &authenticator.code(&app, 0)).await), "RateLimited");
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(kind(&prove(&*ada.refresh().await, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_no_more_are_compared() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let wrong = authenticator.wrong(&app);
    let outcomes = join_all((0..100).map(|_| prove(&ada, &wrong))).await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "InvalidCode").count(), 15, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "RateLimited").count(), 85, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_factors_are_limited_by_account() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let (ada, phone) = (app.registered(ADA).await, app.anonymous().login(ADA).await);
    for _ in 0..5 {
        assert_eq!(kind(&start(&ada).await), "TotpStarted");
        assert_eq!(kind(&remove(&phone).await), "RemoveTotpSuccess");
    }
    let limited = [start(&ada).await, remove(&phone).await];
    assert!(limited.iter().all(|outcome| kind(outcome) == "RateLimited"), "{limited:?}");
    let grace = app.registered("grace@example.com").await;
    assert_eq!(kind(&start(&grace).await), "TotpStarted");
}
