//! The last way in to an account stays.

use futures_util::future::join_all;

use super::{ADA, remove, stored};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;

/// What comes of removing the only passkey of an account with this password or none, on a server with these flags.
async fn removing(flags: &[&str], has_password: bool) -> String {
    let app = TestApp::with(flags).await;
    let ada = app.registered(ADA).await;
    let id = ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone();
    if !has_password {
        app.database.execute("DELETE FROM passwords").await;
    }
    let outcome = remove(&ada, &id).await;
    let kept = stored(&app).await == 1;
    assert_eq!(kept, kind(&outcome) == "LastSignInMethod", "{outcome}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, if kept { 10 } else { 0 });
    kind(&outcome).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_neither_a_password_nor_a_mail_signs_in_the_last_passkey_stays() {
    assert_eq!(removing(&["--email-sign-in=off"], false).await, "LastSignInMethod");
    assert_eq!(removing(&["--email-sign-in=off"], true).await, "RemovePasskeySuccess");
    assert_eq!(removing(&[], false).await, "RemovePasskeySuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_removed_at_once_one_stays() {
    let app = TestApp::with(&["--email-sign-in=off"]).await;
    let ada = app.registered(ADA).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone());
    }
    app.database.execute("DELETE FROM passwords").await;
    // Another instance has turns of its own.
    let peer = app.peer(&["--email-sign-in=off"]).await;
    let there = peer.visited_by(&ada);
    let clients = [&*ada, &there];
    let removals = (0..50).map(|number| remove(clients[number % 2], &ids[number % 10]));
    let outcomes = join_all(removals).await;
    let count = |wanted: &str| outcomes.iter().filter(|outcome| kind(outcome) == wanted).count();
    assert_eq!((count("RemovePasskeySuccess"), stored(&app).await), (9, 1), "{outcomes:?}");
    assert!(count("LastSignInMethod") > 0, "{outcomes:?}");
    assert_eq!(count("RemovePasskeySuccess") + count("LastSignInMethod") + count("PasskeyNotFound"), 50);
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_second_factor_is_required_the_last_one_stays() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let id = ada.add_passkey(&mut Authenticator::synced()).await["passkey"]["id"].clone();
    let peer = app.peer(&[crate::enrolment::REQUIRED]).await;
    let there = peer.visited_by(&ada);
    assert_eq!(kind(&remove(&there, &id).await), "LastSecondFactor");
    assert_eq!(stored(&app).await, 1);
    ada.add_passkey(&mut Authenticator::synced()).await;
    assert_eq!(kind(&remove(&there, &id).await), "RemovePasskeySuccess");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 10);
}
