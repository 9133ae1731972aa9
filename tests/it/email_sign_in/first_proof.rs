//! The first proof of an address that somebody else may have registered before its owner came.

use std::time::Duration;

use portcullis::use_cases::record_endings::record_endings;
use serde_json::Value;

use super::{ADA, asked, events};
use crate::support::database::BLOCKED;
use crate::support::flows::{code, kind};
use crate::support::{PASSWORD, TestApp, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_of_the_address_takes_the_account_back_from_whoever_registered_it() {
    let app = TestApp::start().await;
    let stranger = app.registered(ADA).await;
    let reset = app.anonymous().start_password_reset(ADA).await;
    let reset = code(&reset, &app.mail_to(ADA).await.code());
    assert_eq!(stranger.is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(1));
    let (link, _) = asked(&app, ADA).await;
    // A device token of another account changes nothing.
    let eve = app.registered("eve@example.com").await;
    let owner = app.anonymous().on_device(eve.device_token());
    let success = owner.sign_in_with_email(link).await;
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:00:01Z", "{success}");
    assert_eq!(success["deviceToken"], Value::Null, "there is no password any more");
    let owner = owner.signed_in(&success);
    assert_eq!(owner.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!(stranger.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(kind(&app.anonymous().try_refresh(stranger.refresh_token()).await), "InvalidRefreshToken");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
    assert_eq!(eve.is_signed_in().await, Ok(()));
    let recorded = events(&app).await;
    for (event, times) in [("email_verified", 1), ("password_removed", 1), ("logged_in", 1)] {
        assert_eq!(recorded.iter().filter(|kind| *kind == event).count(), times, "{event}: {recorded:?}");
    }
    // The next sign-in proves nothing new.
    app.database
        .execute("INSERT INTO passwords SELECT id, 'other', now() FROM accounts WHERE email = 'ada@example.com'")
        .await;
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link).await), "LoginSuccess");
    assert_eq!(owner.is_signed_in().await, Ok(()));
    assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 2);
    // What the owner asked for before goes on.
    let new = "another staple for the horse";
    assert_eq!(kind(&app.anonymous().complete_password_reset(reset, new).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_waits_for_a_change_of_the_password_and_ends_it_too() {
    let app = TestApp::start().await;
    let stranger = app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let holder = app.database.another().await;
    let change = "BEGIN; SELECT FROM accounts FOR NO KEY UPDATE; \
        UPDATE passwords SET hash = 'other', changed_at = changed_at + interval '1 second'";
    holder.batch_execute(change).await.expect("a change");
    let owner = tokio::spawn({
        let client = app.anonymous().on_device(stranger.device_token());
        async move { client.sign_in_with_email(link).await }
    });
    until("it waits", async || holder.query_one(BLOCKED, &[]).await.expect("a number").get::<_, i64>(0) == 1).await;
    holder.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(kind(&owner.await.expect("an answer")), "LoginSuccess");
    assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 0);
    assert_eq!(stranger.is_signed_in().await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_that_the_first_proof_ends_is_recorded() {
    let app = TestApp::start().await;
    let stranger = app.registered(ADA).await;
    app.clock.advance(Duration::from_secs(1));
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link).await), "LoginSuccess");
    assert_eq!(record_endings(&app.app).await.expect("a database"), 1);
    let recorded = format!(
        "SELECT count(*) FROM audit_events WHERE kind = 'session_revoked' AND session_id = '{}' \
         AND occurred_at = '2026-01-01T00:00:01Z'",
        stranger.session_id()
    );
    assert_eq!(app.database.count(&recorded).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_on_a_device_that_knows_the_password_ends_nothing() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let success = app.anonymous().on_device(ada.device_token()).sign_in_with_email(link).await;
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:00:00Z", "{success}");
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    assert!(!events(&app).await.contains(&"password_removed".to_owned()));
    // It knew an earlier password.
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    app.database.execute("UPDATE passwords SET changed_at = changed_at + interval '1 second'").await;
    let (link, _) = asked(&app, ADA).await;
    let success = app.anonymous().on_device(ada.device_token()).sign_in_with_email(link).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
}
