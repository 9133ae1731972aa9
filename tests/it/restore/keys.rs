//! Keys and the secret, in a database that was restored.

use portcullis::use_cases::keys::{maintain, rotate_at_once};

use super::{ADA, Dump, server, service_key};
use crate::second_step::{complete, login, totp, with_factor};
use crate::secret::seal_one_anew;
use crate::support::PASSWORD;
use crate::support::app::{Peer, instance};
use crate::support::events::ask;
use crate::totp::kind;

const NEW: &str = "the next secret of the tests, longer than 32 bytes";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_replaced_after_the_backup_signs_again() {
    let app = server().await;
    let ada = app.registered(ADA).await;
    let dump = Dump::of(&app.database).await;
    rotate_at_once(&app.console(&[]).operator()).await.expect("a rotation");
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(ada.is_signed_in().await, Err("TOKEN_INVALID".into()));
    let later = ada.refresh().await;

    let after = dump.served(&app.clock).await;
    assert_eq!(after.anonymous().with_token(ada.access_token()).is_signed_in().await, Ok(()));
    assert_eq!(after.anonymous().with_token(later.access_token()).is_signed_in().await, Err("TOKEN_INVALID".into()));
    let answer = after.anonymous().try_refresh(later.refresh_token()).await;
    assert_eq!(answer["__typename"], "RefreshTokenSuccess", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_key_that_was_revoked_after_the_backup_is_good_again() {
    let app = server().await;
    let key = service_key(&app).await;
    let dump = Dump::of(&app.database).await;
    app.database.execute("UPDATE service_keys SET revoked_at = now()").await;
    assert_eq!(ask(&app.url("/revocations"), Some(&key), None).await.status(), 401);

    let after = dump.served(&app.clock).await;
    assert_eq!(ask(&after.url("/revocations"), Some(&key), None).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_the_time_of_the_backup_is_needed() {
    let app = server().await;
    let (authenticator, _) = with_factor(&app).await;
    let dump = Dump::of(&app.database).await;
    let database = dump.restored().await;
    let start = async |sealing: &str, flags: &[&str]| instance(&database.url, &app.clock, sealing, flags).await;
    let error = start(NEW, &[]).await.expect_err("the secret is another one").to_string();
    assert!(error.contains("PORTCULLIS_SECRET does not open the keys"), "{error}");

    // The secret was replaced after the backup, or is now.
    seal_one_anew(&database.url, NEW).await;
    let peer = Peer::serve(start(NEW, &[]).await.expect("the keys are sealed anew").into()).await;
    let client = peer.visited_by(&app.anonymous());
    let asked = login(&client, PASSWORD).await;
    let done = complete(&client, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&done), "LoginSuccess", "the secret of the app is sealed anew too: {done}");
}
