//! How many there are, and for how long they are kept.

use std::time::Duration;

use portcullis::use_cases::clean_up::clean_up;

use super::{answer, devices, remember, trusted};
use crate::support::TestApp;

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn an_account_trusts_twenty_and_one_more_ends_the_least_recently_used() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    let more = "INSERT INTO trusted_devices (account_id, device_id, created_at, expires_at, last_used_at) \
        SELECT account_id, gen_random_uuid(), created_at, expires_at, last_used_at + interval '1 second' \
        FROM trusted_devices, generate_series(1, 19)";
    app.database.execute(more).await;
    assert_eq!(devices(&app).await, 20);
    // Its use makes it the last used.
    app.clock.advance(HOUR);
    assert_eq!(answer(&trusted.device).await, "LoginSuccess");
    for _ in 0..3 {
        remember(&app, &app.anonymous(), &trusted.authenticator).await;
        assert_eq!(devices(&app).await, 20);
    }
    assert_eq!(answer(&trusted.device).await, "LoginSuccess");
    app.database.execute("UPDATE trusted_devices SET last_used_at = last_used_at + interval '1 day'").await;
    let unused = "UPDATE trusted_devices SET last_used_at = created_at WHERE created_at = '2026-01-01T00:00:30Z' AND user_agent IS NOT NULL";
    assert_eq!(app.database.execute(unused).await, 1);
    remember(&app, &app.anonymous(), &trusted.authenticator).await;
    assert_eq!((devices(&app).await, answer(&trusted.device).await.as_str()), (20, "SecondFactorRequired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_are_over_go_after_a_day() {
    let app = TestApp::start().await;
    trusted(&app).await;
    let eve = "INSERT INTO trusted_devices SELECT account_id, gen_random_uuid(), created_at, '2026-01-01T02:00:00Z', last_used_at \
        FROM trusted_devices";
    app.database.execute(eve).await;
    for (hours, left) in [(1, 2), (24, 2), (2, 1), (300, 1)] {
        app.clock.advance(hours * HOUR);
        clean_up(&app.app).await.expect("a database");
        assert_eq!(devices(&app).await, left, "after {hours} more hours");
    }
}
