//! A passkey that the account's owner did not add does not survive, and none survives the account.

use std::time::Duration;

use portcullis::use_cases::accounts::delete;
use serde_json::Value;

use super::{ADA, ADD_FACTORS, stored};
use crate::deletion::delete_account;
use crate::email_change::{change, revert};
use crate::support::flows::{held_up, kind};
use crate::support::passkeys::Authenticator;
use crate::support::{PASSWORD, TestApp};
use crate::totp::events;

const NEW: &str = "another staple for the horse";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_of_the_address_by_a_reset_removes_them_and_a_later_reset_asks_for_one() {
    let app = TestApp::start().await;
    let stranger = app.registered(ADA).await;
    for _ in 0..2 {
        stranger.add_passkey(&mut Authenticator::synced()).await;
    }
    app.clock.advance(Duration::from_secs(1));
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.anonymous().complete_password_reset(app.mail_to(ADA).await.by_link(), NEW).await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    assert_eq!((stored(&app).await, events(&app, "passkey_removed").await), (0, 2));
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 0);
    let login = app.anonymous().try_login(ADA, NEW).await;
    let owner = app.anonymous().signed_in(&login["data"]["login"]);
    owner.add_passkey(&mut Authenticator::synced()).await;
    app.clock.advance(Duration::from_secs(1));
    app.anonymous().start_password_reset(ADA).await;
    let reset = app.anonymous().complete_password_reset(app.mail_to(ADA).await.by_link(), NEW).await;
    assert_eq!(kind(&reset), "SecondFactorRequired", "{reset}");
    assert_eq!(stored(&app).await, 1);
}

/// How many second factors and recovery codes there are.
async fn left(app: &TestApp) -> i64 {
    let all =
        "SELECT (SELECT count(*) FROM passkeys) + (SELECT count(*) FROM totps) + (SELECT count(*) FROM recovery_codes)";
    app.database.count(all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_while_the_first_proof_by_a_reset_waits_is_removed_as_well() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.anonymous().start_password_reset(ADA).await;
    let (owner, proof) = (app.anonymous(), app.mail_to(ADA).await.by_link());
    let resetting = async move { owner.complete_password_reset(proof, NEW).await };
    let reset = held_up(&app, ADD_FACTORS, resetting, async || {}).await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    assert_eq!(left(&app).await, 0);
    assert_eq!((events(&app, "passkey_removed").await, events(&app, "totp_removed").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_while_a_deletion_waits_is_removed_as_well() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let deleting = async move { delete_account(&ada, PASSWORD).await };
    let deleted = held_up(&app, ADD_FACTORS, deleting, async || {}).await;
    assert_eq!((kind(&deleted), left(&app).await), ("DeleteAccountSuccess", 0), "{deleted}");

    let app = TestApp::start().await;
    app.registered(ADA).await;
    let server = app.app.clone();
    let deleting = async move {
        delete(&server.operator(), ADA).await.expect("a database");
        Value::Null
    };
    held_up(&app, ADD_FACTORS, deleting, async || {}).await;
    assert_eq!(left(&app).await, 0);
}

/// A thief may have added one before the change, and the revert of a change lives as long.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_of_the_address_removes_those_that_were_added_up_to_seven_days_before_the_change_and_no_others() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let own = ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone();
    app.database.execute("UPDATE passkeys SET created_at = created_at - interval '7 days'").await;
    ada.add_passkey(&mut Authenticator::synced()).await;
    app.clock.advance(Duration::from_secs(1));
    let link = change(&app, &ada, ADA, "thief@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    ada.add_passkey(&mut Authenticator::synced()).await;
    let reverted = revert(&app.anonymous(), &link).await;
    assert_eq!(kind(&reverted), "RevertEmailChangeSuccess", "{reverted}");
    assert_eq!(app.database.texts("SELECT id::text FROM passkeys").await, [own.as_str().expect("an id")]);
    assert_eq!(events(&app, "passkey_removed").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_has_none() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let mut authenticator = Authenticator::synced();
    ada.add_passkey(&mut authenticator).await;
    let deleted = delete_account(&ada, PASSWORD).await;
    assert_eq!((kind(&deleted), stored(&app).await), ("DeleteAccountSuccess", 0), "{deleted}");
    // The same authenticator can be used for another account.
    let eve = app.registered("eve@example.com").await;
    eve.add_passkey(&mut authenticator).await;
}
