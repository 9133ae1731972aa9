//! Round trips to PostgreSQL of a sign-in in two steps: the budget of the design.

use serde_json::{Value, json};

use super::{complete, first, totp, with_factor};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::proxy::Proxy;
use crate::totp::{STEP, kind};

/// The second time, when statements are prepared.
#[tokio::test(flavor = "multi_thread")]
async fn each_step_takes_as_many_trips_as_a_login() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let (authenticator, codes) = with_factor(&app).await;
    let mut taken = Vec::new();
    for code in codes.iter().take(2) {
        taken.clear();
        app.clock.advance(STEP);
        let mut before = proxy.trips();
        let mut took = |name: &'static str| {
            taken.push((name, proxy.trips() - before));
            before = proxy.trips();
        };
        let mut step = async |name: &'static str, asked: &Value, factor: Value, expected: &str| {
            let answer = complete(&app.anonymous(), asked, factor).await;
            assert_eq!(kind(&answer), expected, "{answer}");
            took(name);
        };
        let asked = first(&app).await;
        step("the first step, and a wrong code", &asked, totp(&authenticator.wrong(&app)), "InvalidCode").await;
        step("a code of the app", &asked, totp(&authenticator.code(&app, 0)), "LoginSuccess").await;
        step("a sign-in that is over", &asked, totp(&authenticator.code(&app, 0)), "FlowExpired").await;
        let asked = first(&app).await;
        let used = totp(&authenticator.code(&app, 0));
        step("the first step, and a code that was used", &asked, used, "InvalidCode").await;
        step("a recovery code", &asked, json!({ "recoveryCode": code }), "LoginSuccess").await;
    }
    let expected = [
        ("the first step, and a wrong code", 2 + 2),
        ("a code of the app", 2),
        ("a sign-in that is over", 1),
        // The statement that would have opened the session finds it used.
        ("the first step, and a code that was used", 2 + 3),
        ("a recovery code", 2),
    ];
    assert_eq!(taken, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_limit_gives_the_try_back() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1", "--rate-limits=on"]).await;
    let (authenticator, _) = with_factor(&app).await;
    let wrong = totp(&authenticator.wrong(&app));
    let flows = [first(&app).await, first(&app).await, first(&app).await];
    for flow in &flows[..2] {
        for _ in 0..5 {
            assert_eq!(kind(&complete(&app.anonymous(), flow, wrong.clone()).await), "InvalidCode");
        }
    }
    // The first refusal is recorded as well.
    assert_eq!(kind(&complete(&app.anonymous(), &flows[2], wrong.clone()).await), "RateLimited");
    let before = proxy.trips();
    let limited = complete(&app.anonymous(), &flows[2], wrong.clone()).await;
    assert_eq!((kind(&limited), proxy.trips() - before), ("RateLimited", 2), "{limited}");
    assert_eq!(app.database.count("SELECT max(factor_tries)::bigint FROM flows WHERE factor_tries < 5").await, 0);
}
