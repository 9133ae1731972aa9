//! Answers that were used before.

use futures_util::future::join_all;

use super::{ADA, finish, opened, start, with_passkey};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::totp::events;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_opens_one_session_and_a_replay_is_no_sign_of_a_copy() {
    for mut authenticator in [Authenticator::synced(), Authenticator::device_bound()] {
        let app = TestApp::start().await;
        with_passkey(&app, ADA, &mut authenticator).await;
        let answer = authenticator.sign_in(&start(&app.anonymous()).await);
        assert_eq!(kind(&finish(&app.anonymous(), &answer).await), "LoginSuccess");
        let peer = app.peer(&[]).await;
        for client in [app.anonymous(), peer.visited_by(&app.anonymous()), app.anonymous().at("127.0.0.9")] {
            assert_eq!(kind(&finish(&client, &answer).await), "FlowExpired");
        }
        assert_eq!((opened(&app).await, events(&app, "passkey_used").await), (1, 1));
        assert_eq!(events(&app, "passkey_sign_count_fell").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_opens_a_session() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, ADA, &mut authenticator).await;
    let peer = app.peer(&[]).await;
    let answer = authenticator.sign_in(&start(&app.anonymous()).await);
    let answers = join_all((0..50).map(|number| {
        let client = if number % 2 == 0 { app.anonymous() } else { peer.visited_by(&app.anonymous()) };
        let answer = answer.clone();
        async move { finish(&client, &answer).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "LoginSuccess").count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "FlowExpired").count(), 49, "{answers:?}");
    assert_eq!((opened(&app).await, events(&app, "passkey_sign_count_fell").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_answers_at_once_open_fifty_sessions() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, ADA, &mut authenticator).await;
    let mut signed = Vec::new();
    for _ in 0..50 {
        signed.push(authenticator.sign_in(&start(&app.anonymous()).await));
    }
    let answers = join_all(signed.iter().map(|answer| {
        let client = app.anonymous();
        async move { finish(&client, answer).await }
    }));
    assert!(answers.await.iter().all(|answer| kind(answer) == "LoginSuccess"));
    assert_eq!(opened(&app).await, 50);
}
