//! Many at the same moment.

use futures_util::future::join_all;
use serde_json::Value;

use super::{Authenticator, confirm, enrolled, kind, prove, start};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";

fn count(outcomes: &[Value], name: &str) -> usize {
    outcomes.iter().filter(|outcome| kind(outcome) == name).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_show_the_same_code_at_once_one_is_accepted() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    let code = authenticator.code(&app, 0);
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&ada);
    let outcomes = join_all((0..50).map(|number| {
        let (client, code) = (if number % 2 == 0 { &*ada } else { &there }, &code);
        async move { prove(client, code).await }
    }));
    let outcomes = outcomes.await;
    assert_eq!((count(&outcomes, "ReauthenticateSuccess"), count(&outcomes, "InvalidCode")), (1, 49), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_confirmations_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = start(&ada).await;
    let code = Authenticator::new(&started).code(&app, 0);
    let outcomes = join_all((0..50).map(|_| confirm(&ada, &started, &code))).await;
    assert_eq!((count(&outcomes, "ConfirmTotpSuccess"), count(&outcomes, "FlowExpired")), (1, 49), "{outcomes:?}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_apps_at_once_only_one_shows_recovery_codes() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = [start(&ada).await, start(&ada).await];
    let codes = [0, 1].map(|of| Authenticator::new(&started[of]).code(&app, 0));
    let outcomes = join_all((0..2).map(|of| confirm(&ada, &started[of], &codes[of]))).await;
    let shown =
        outcomes.iter().filter(|outcome| outcome["recoveryCodes"].as_array().is_some_and(|codes| codes.len() == 10));
    assert_eq!(shown.count(), 1, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_wrong_confirmations_at_once_five_count() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let started = start(&ada).await;
    let wrong = Authenticator::new(&started).wrong(&app);
    let outcomes = join_all((0..50).map(|_| confirm(&ada, &started, &wrong))).await;
    assert_eq!((count(&outcomes, "InvalidCode"), count(&outcomes, "FlowExpired")), (5, 45), "{outcomes:?}");
    assert_eq!(app.database.count("SELECT tries::bigint FROM flows").await, 5);
}
