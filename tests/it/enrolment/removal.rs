//! The last second factor of an account that needs one stays.

use serde_json::{Value, json};

use super::{ADA, asked, enrol};
use crate::support::flows::held_up;
use crate::support::{Client, SignedIn, TestApp};
use crate::totp::{confirm, enrolled, events, factors, kind, remove, start};

async fn with_app(flags: &[&str]) -> (TestApp, SignedIn) {
    let (app, first) = asked(flags).await;
    let (_, success) = enrol(&app, &first).await;
    let ada = app.anonymous().signed_in(&success);
    (app, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_app_is_not_removed_where_it_is_needed() {
    let (app, ada) = with_app(&[]).await;
    let waiting = start(&ada).await;
    for _ in 0..2 {
        let refused = remove(&ada).await;
        assert_eq!((kind(&refused), &refused["code"]), ("LastSecondFactor", &json!("LAST_SECOND_FACTOR")), "{refused}");
    }
    assert_eq!(factors(&ada).await["recoveryCodesLeft"], 10, "nothing was done");
    assert_eq!((events(&app, "totp_removed").await, app.mails_to(ADA).await.len()), (0, 1));
    // It can be replaced.
    let authenticator = crate::totp::Authenticator::new(&waiting);
    let confirmed = confirm(&ada, &waiting, &authenticator.code(&app, 0)).await;
    assert_eq!(kind(&confirmed), "ConfirmTotpSuccess", "{confirmed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_one_has_none_to_remove() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[super::REQUIRED]).await;
    assert_eq!(kind(&remove(&peer.visited_by(&ada)).await), "RemoveTotpSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_a_passkey_as_well_can_go() {
    let (app, ada) = with_app(&[]).await;
    let passkey = "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, \
        transports, name, created_at) SELECT id, id, 'x', 'x', 0, false, false, '{}', 'Passkey', created_at FROM accounts";
    app.database.execute(passkey).await;
    assert_eq!(kind(&remove(&ada).await), "RemoveTotpSuccess");
}

async fn by_role() -> (TestApp, SignedIn) {
    let app = TestApp::with(&["--second-factor-roles=admin"]).await;
    let ada = app.registered(ADA).await;
    enrolled(&app, &ada).await;
    (app, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_decides_as_it_is_at_the_removal() {
    let (app, ada) = by_role().await;
    app.database.execute("UPDATE accounts SET roles = '{admin}'").await;
    assert_eq!(kind(&remove(&ada).await), "LastSecondFactor");
    app.database.execute("UPDATE accounts SET roles = '{reader}'").await;
    assert_eq!(kind(&remove(&ada).await), "RemoveTotpSuccess");
}

/// The removal is at the account's row behind the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_given_while_the_removal_waits_counts() {
    let (app, ada) = by_role().await;
    let client: Client = (*ada).clone();
    let removing = async move { remove(&client).await };
    let answer: Value = held_up(&app, "UPDATE accounts SET roles = '{admin}'", removing, async || {}).await;
    assert_eq!(kind(&answer), "LastSecondFactor", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM totps").await, 1);
}

/// The removal of the app is at the account's row behind the end of the passkey.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_became_the_last_factor_while_the_removal_waits_stays() {
    let (app, ada) = with_app(&[]).await;
    let passkey = "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, \
        transports, name, created_at) SELECT id, id, 'x', 'x', 0, false, false, '{}', 'Passkey', created_at FROM accounts";
    app.database.execute(passkey).await;
    let client: Client = (*ada).clone();
    let removing = async move { remove(&client).await };
    let gone = "SELECT FROM accounts FOR NO KEY UPDATE; DELETE FROM passkeys";
    let answer: Value = held_up(&app, gone, removing, async || {}).await;
    assert_eq!(kind(&answer), "LastSecondFactor", "{answer}");
}
