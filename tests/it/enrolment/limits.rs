//! What an enrolment takes from the limits.

use super::{ADA, REQUIRED, asked, complete, login, register, set_up, start};
use crate::support::{PASSWORD, TestApp, until};
use crate::totp::{events, kind};

/// How many seconds of inflow the buckets lack together.
const LACKING: &str = "SELECT coalesce(sum(extract(epoch FROM full_at - '2026-01-01T00:00:00Z')), 0)::bigint FROM limits \
    WHERE full_at > '2026-01-01T00:00:00Z'";

const HELD: &str = "SELECT count(*) FROM limits WHERE held > 0";

async fn taken(app: &TestApp, expected: &str) -> i64 {
    let before = app.database.count(LACKING).await;
    assert_eq!(kind(&login(&app.anonymous(), ADA).await), expected);
    until("what the login holds is settled", async || app.database.count(HELD).await == 0).await;
    app.database.count(LACKING).await - before
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_counts_until_the_factor_was_added() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    app.registered(ADA).await;
    let of_success = taken(&app, "LoginSuccess").await;

    let app = TestApp::with(&["--rate-limits=on", REQUIRED]).await;
    register(&app.anonymous(), ADA).await;
    let before = app.database.count(LACKING).await;
    let of_halfway = taken(&app, "SecondFactorEnrolmentRequired").await;
    assert!(of_halfway > of_success, "it counts as a failed one");
    let asked = login(&app.anonymous(), ADA).await;
    super::enrol(&app, &asked).await;
    let expected = before + of_halfway + of_success;
    until("that of the one that succeeded is given back", async || app.database.count(LACKING).await == expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_password_and_adds_nothing_is_limited() {
    let (app, _) = asked(&["--rate-limits=on"]).await;
    let mut steps = 0;
    while kind(&login(&app.anonymous(), ADA).await) == "SecondFactorEnrolmentRequired" {
        steps += 1;
        assert!(steps < 100, "there is no end");
    }
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "RateLimited");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_count_by_account_across_sign_ins_and_a_right_one_passes() {
    let (app, first) = asked(&["--rate-limits=on"]).await;
    let client = app.anonymous();
    let flows = [first, login(&client, ADA).await, login(&client, ADA).await];
    for flow in &flows[..2] {
        let wrong = set_up(&client, flow).await.wrong(&app);
        for _ in 0..5 {
            assert_eq!(kind(&complete(&client, flow, &wrong).await), "InvalidCode");
        }
    }
    let authenticator = set_up(&client, &flows[2]).await;
    for _ in 0..4 {
        let limited = complete(&client, &flows[2], &authenticator.wrong(&app)).await;
        assert_eq!(kind(&limited), "RateLimited", "{limited}");
    }
    assert_eq!(events(&app, "second_factor_failed").await, 10);
    let success = complete(&client, &flows[2], &authenticator.code(&app, 0)).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "nobody shuts the owner out: {success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_without_end_is_limited() {
    let (app, asked) = asked(&["--rate-limits=on", "--limit-attempts=20/1m"]).await;
    let client = app.anonymous();
    let mut asks = 0;
    while kind(&start(&client, &asked).await) == "SecondFactorEnrolmentStarted" {
        asks += 1;
        assert!(asks <= 20, "there is no end");
    }
    assert_eq!(kind(&start(&client, &asked).await), "RateLimited");
    assert_eq!(kind(&complete(&client, &asked, "000000").await), "RateLimited");
}
