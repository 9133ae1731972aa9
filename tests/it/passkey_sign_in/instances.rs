//! Challenges at other instances: nothing is stored of them, and all instances have the same secret.

use std::sync::Arc;

use portcullis::db::Target;
use portcullis::db::migrations::{self, Extent};

use super::{ADA, finish, invalid, opened, start, with_passkey};
use crate::support::TestApp;
use crate::support::app::{LOCKS, Peer, instance};
use crate::support::database::TestDatabase;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_asks_another_accepts_and_so_does_the_same_after_a_restart() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let options = start(&app.anonymous()).await;
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&app.anonymous());
    assert_eq!(kind(&finish(&there, &authenticator.sign_in(&options)).await), "LoginSuccess");
    let options = start(&there).await;
    drop(peer);
    let restarted = app.peer(&[]).await;
    let there = restarted.visited_by(&app.anonymous());
    assert_eq!(kind(&finish(&there, &authenticator.sign_in(&options)).await), "LoginSuccess");
    assert_eq!(opened(&app).await, 2);
}

/// A server of the same pages with another secret, as one of a stranger can be.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_with_another_secret_asks_is_not_accepted() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let database = TestDatabase::new().await;
    let target: Target = database.url.parse().expect("a URL of the tests");
    migrations::run(&target, Extent::Expanding, LOCKS).await.expect("migrations");
    let other = instance(&database.url, &app.clock, "another secret of the tests, as long", &[]).await.expect("an app");
    let other = Peer::serve(Arc::new(other)).await;
    let options = start(&other.visited_by(&app.anonymous())).await;
    assert!(options["challenge"].is_string(), "{options}");
    assert_eq!(finish(&app.anonymous(), &authenticator.sign_in(&options)).await, invalid());
    assert_eq!(opened(&app).await, 0);
}
