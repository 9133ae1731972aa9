//! Other instances, and the same one later.

use std::sync::Arc;

use super::{invalid, passkey, show, with_passkey};
use crate::second_step::{complete, first};
use crate::support::app::{Peer, SECRET, instance};
use crate::support::passkeys::Authenticator;
use crate::support::{Client, TestApp};
use crate::totp::kind;

fn at(peer: &Peer) -> Client {
    Client::new(format!("http://{}/graphql", peer.address))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_at_another_instance_and_under_the_next_secret() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let peer = app.peer(&[]).await;
    let asked = first(&app).await;
    let success = show(&at(&peer), &asked, &mut authenticator).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let asked = first(&app).await;
    let new = "a new secret of the tests, longer than 32 bytes";
    let next = instance(&app.database.url, &app.clock, new, &["--secret-previous", SECRET]).await.expect("an app");
    let next = Peer::serve(Arc::new(next)).await;
    let success = show(&at(&next), &asked, &mut authenticator).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_sent_to_two_instances_at_once_opens_one_session() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let peer = app.peer(&[]).await;
    let asked = first(&app).await;
    let answer = passkey(&authenticator.sign_in(&asked["passkeyOptions"]));
    let (here, there) = (app.anonymous(), at(&peer));
    let answers = tokio::join!(complete(&here, &asked, answer.clone()), complete(&there, &asked, answer.clone()));
    let opened = [&answers.0, &answers.1].into_iter().filter(|answer| kind(answer) == "LoginSuccess");
    assert_eq!(opened.count(), 1, "{answers:?}");
}

/// A server with the same database, but other keys, has asked for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_of_another_deployment_is_refused() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    with_passkey(&other, &mut Authenticator::synced()).await;
    let (asked, elsewhere) = (first(&app).await, first(&other).await);
    let answer = authenticator.sign_in(&elsewhere["passkeyOptions"]);
    assert_eq!(complete(&app.anonymous(), &asked, passkey(&answer)).await, invalid());
}
