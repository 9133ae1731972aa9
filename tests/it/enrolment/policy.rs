//! A policy that is turned on, or off again.

use portcullis::use_cases::accounts::{Created, Registration, create};
use portcullis::use_cases::recover_account::{Recovered, recover};

use super::{ADA, REQUIRED, complete, login, set_up};
use crate::support::{PASSWORD, TestApp};
use crate::totp::{enrolled, kind};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_from_before_go_on_and_the_next_sign_in_leads_to_the_enrolment() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[REQUIRED]).await;
    let there = peer.continued_by(&ada);
    assert_eq!(there.is_signed_in().await, Ok(()));
    let refreshed = there.refresh().await;
    assert_eq!(refreshed.is_signed_in().await, Ok(()));
    let stranger = peer.visited_by(&app.anonymous());
    assert_eq!(kind(&login(&stranger, ADA).await), "SecondFactorEnrolmentRequired");
    // Such a session can add the factor as any other.
    enrolled(&app, &refreshed).await;
    assert_eq!(kind(&login(&stranger, ADA).await), "SecondFactorRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_the_sessions_from_before() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[REQUIRED]).await;
    let there = peer.continued_by(&ada);
    let without = "UPDATE accounts a SET session_generation = session_generation + 1 \
        WHERE NOT EXISTS (SELECT FROM totps t WHERE t.account_id = a.id) \
            AND NOT EXISTS (SELECT FROM passkeys p WHERE p.account_id = a.id)";
    app.database.execute(without).await;
    assert_eq!(there.is_signed_in().await, Err("SESSION_REVOKED".to_owned()));
    assert_eq!(kind(&there.try_refresh(there.refresh_token()).await), "InvalidRefreshToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_began_while_it_was_on_can_be_ended_when_it_is_off() {
    let (app, asked) = super::asked(&[]).await;
    let peer = app.peer(&[]).await;
    let there = peer.visited_by(&app.anonymous());
    assert_eq!(kind(&login(&there, ADA).await), "LoginSuccess");
    let authenticator = set_up(&there, &asked).await;
    let success = complete(&there, &asked, &authenticator.code(&app, 0)).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_operator_made_enrols_at_its_first_sign_in() {
    let app = TestApp::with(&[REQUIRED]).await;
    let typed = Registration { email: ADA.to_owned(), password: PASSWORD.to_owned(), username: None };
    let console = app.console(&[REQUIRED]);
    assert!(matches!(create(&console.operator(), typed).await.expect("a database"), Created::Done(_)));
    let asked = login(&app.anonymous(), ADA).await;
    super::enrol(&app, &asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_operator_recovered_enrols_anew() {
    let (app, first) = super::asked(&[]).await;
    super::enrol(&app, &first).await;
    let recovered = recover(&app.app.operator(), ADA).await.expect("a database");
    assert!(matches!(recovered, Recovered::Done(_)), "{recovered:?}");
    let client = app.anonymous();
    let reset = client.complete_password_reset(app.mail_to(ADA).await.by_link(), PASSWORD).await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    let asked = login(&client, ADA).await;
    let (_, success) = super::enrol(&app, &asked).await;
    assert_eq!(success["recoveryCodes"].as_array().map(Vec::len), Some(10), "{success}");
}
