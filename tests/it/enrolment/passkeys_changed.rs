//! An account that is changed while a passkey is made for it.

use super::changed::CHANGES;
use super::passkeys::{complete, made};
use super::{asked, sessions};
use crate::support::TestApp;
use crate::support::flows::held_up;
use crate::support::passkeys::Authenticator;
use crate::totp::{events, kind};

/// That nothing was done.
async fn assert_nothing(app: &TestApp, why: &str) {
    assert_eq!((sessions(app).await, events(app, "passkey_added").await), (0, 0), "{why}");
    assert_eq!(app.database.count("SELECT count(*) FROM passkeys WHERE name <> 'x'").await, 0, "{why}");
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes WHERE hash <> 'x'").await, 0, "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_an_answer_waits_for_wins() {
    for change in CHANGES {
        let (app, asked) = asked(&[]).await;
        let client = app.anonymous();
        let credential = made(&client, &asked, &mut Authenticator::synced()).await;
        let completing = async move { complete(&client, &asked, &credential, None).await };
        let answer = held_up(&app, change, completing, async || {}).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}");
        assert_nothing(&app, change).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_before_ends_it() {
    for change in CHANGES {
        let (app, asked) = asked(&[]).await;
        let client = app.anonymous();
        let credential = made(&client, &asked, &mut Authenticator::synced()).await;
        app.database.operator.batch_execute(&format!("BEGIN; {change}; COMMIT")).await.expect("a change");
        assert_eq!(kind(&complete(&client, &asked, &credential, None).await), "FlowExpired", "{change}");
        assert_nothing(&app, change).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waits_while_a_factor_is_added_adds_none() {
    let (app, asked) = asked(&[]).await;
    let client = app.anonymous();
    let credential = made(&client, &asked, &mut Authenticator::synced()).await;
    let completing = async move { complete(&client, &asked, &credential, None).await };
    let answer = held_up(&app, crate::passkeys::ADD_FACTORS, completing, async || {}).await;
    assert_eq!(kind(&answer), "FlowExpired", "{answer}");
    assert_nothing(&app, "a factor").await;
}
