//! An account that its owner takes back has no second factor of whoever had it in between.

use std::time::Duration;

use super::{enrolled, events, factors, kind};
use crate::email_change::{change, revert};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";
const NEW: &str = "another staple for the horse";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_of_the_address_by_a_reset_removes_them() {
    let app = TestApp::start().await;
    let stranger = app.registered(ADA).await;
    enrolled(&app, &stranger).await;
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.anonymous().complete_password_reset(app.mail_to(ADA).await.by_link(), NEW).await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    let login = app.anonymous().try_login(ADA, NEW).await;
    let owner = app.anonymous().signed_in(&login["data"]["login"]);
    assert_eq!((factors(&owner).await["recoveryCodesLeft"].clone(), events(&app, "totp_removed").await), (0.into(), 1));
    // The owner's own is asked for by the next reset.
    enrolled(&app, &owner).await;
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.anonymous().complete_password_reset(app.mail_to(ADA).await.by_link(), NEW).await;
    assert_eq!(kind(&reset), "SecondFactorRequired", "{reset}");
    assert_eq!(
        (factors(&owner).await["recoveryCodesLeft"].clone(), events(&app, "totp_removed").await),
        (10.into(), 1)
    );
}

/// A thief may have added it before the change, and the revert of a change lives as long.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_of_the_address_removes_the_app_that_was_added_up_to_seven_days_before_the_change_and_no_other() {
    for (days_before, apps) in [(Some(7), 1), (Some(6), 0), (Some(0), 0), (None, 0)] {
        let app = TestApp::start().await;
        let ada = app.registered(ADA).await;
        if let Some(days) = days_before {
            enrolled(&app, &ada).await;
            let earlier = format!("UPDATE totps SET created_at = created_at - interval '{days} days'");
            app.database.execute(&earlier).await;
        }
        app.clock.advance(Duration::from_secs(1));
        let link = change(&app, &ada, ADA, "thief@example.com").await;
        app.clock.advance(Duration::from_secs(1));
        if days_before.is_none() {
            enrolled(&app, &ada).await;
        }
        let reverted = revert(&app.anonymous(), &link).await;
        assert_eq!(kind(&reverted), "RevertEmailChangeSuccess", "{reverted}");
        assert_eq!(app.database.count("SELECT count(*) FROM totps").await, apps, "{days_before:?}");
        assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
        assert_eq!(events(&app, "totp_removed").await, 1 - apps);
    }
}
