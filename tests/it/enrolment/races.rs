//! Several at once.

use futures_util::future::join_all;

use super::{ADA, asked, complete, login, sessions, set_up, start};
use crate::support::flows::held_up;
use crate::support::{PASSWORD, TestApp};
use crate::totp::{events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_completions_at_once_one_opens_a_session() {
    let (app, asked) = asked(&[]).await;
    let code = set_up(&app.anonymous(), &asked).await.code(&app, 0);
    let peer = app.peer(&[super::REQUIRED]).await;
    let answers = join_all((0..50).map(|number| {
        let client = if number % 2 == 0 { app.anonymous() } else { peer.visited_by(&app.anonymous()) };
        let (asked, code) = (asked.clone(), code.clone());
        async move { complete(&client, &asked, &code).await }
    }));
    let answers = answers.await;
    let succeeded: Vec<_> = answers.iter().filter(|answer| kind(answer) == "SecondFactorEnrolmentSuccess").collect();
    assert!(succeeded.len() == 1 && answers.iter().filter(|answer| kind(answer) == "FlowExpired").count() == 49);
    assert_eq!((sessions(&app).await, events(&app, "logged_in").await, events(&app, "totp_added").await), (1, 1, 1));
    // The codes that were shown are those that work.
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 10);
    let shown = succeeded[0]["recoveryCodes"][3].clone();
    let waits = crate::second_step::login(&app.anonymous(), PASSWORD).await;
    let factor = serde_json::json!({ "recoveryCode": shown });
    let success = crate::second_step::complete(&app.anonymous(), &waits, factor).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sign_ins_at_once_one_adds_the_factor() {
    let (app, one) = asked(&[]).await;
    let other = login(&app.anonymous(), ADA).await;
    let client = app.anonymous();
    let codes = [set_up(&client, &one).await.code(&app, 0), set_up(&client, &other).await.code(&app, 0)];
    let answers = tokio::join!(complete(&client, &one, &codes[0]), complete(&client, &other, &codes[1]));
    let mut kinds = [kind(&answers.0), kind(&answers.1)];
    kinds.sort_unstable();
    assert_eq!(kinds, ["FlowExpired", "SecondFactorEnrolmentSuccess"]);
    assert_eq!((sessions(&app).await, events(&app, "totp_added").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_wrong_codes_at_once_five_are_compared() {
    let (app, asked) = asked(&[]).await;
    let wrong = set_up(&app.anonymous(), &asked).await.wrong(&app);
    let answers = join_all((0..50).map(|_| {
        let (client, asked, wrong) = (app.anonymous(), asked.clone(), wrong.clone());
        async move { complete(&client, &asked, &wrong).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "InvalidCode").count(), 5, "{answers:?}");
    assert_eq!(events(&app, "second_factor_failed").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_ask_for_a_secret_at_once_one_has_the_one_that_counts() {
    let (app, asked) = asked(&[]).await;
    let started = join_all((0..50).map(|_| {
        let (client, asked) = (app.anonymous(), asked.clone());
        async move { start(&client, &asked).await }
    }));
    let mut right = 0;
    for started in started.await {
        let code = crate::totp::Authenticator::new(&started).code(&app, 0);
        // Each wrong one gives its try back, so that all can be tried.
        app.database.execute("UPDATE flows SET factor_tries = 0").await;
        right += usize::from(kind(&complete(&app.anonymous(), &asked, &code).await) == "SecondFactorEnrolmentSuccess");
    }
    assert_eq!(right, 1);
}

/// The login is at the account's row behind the change, and has looked at everything else before.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_while_the_account_gets_a_role_leads_to_the_enrolment() {
    for way in ["password", "mail"] {
        let app = TestApp::with(&["--second-factor-roles=admin"]).await;
        app.registered(ADA).await;
        let client = app.anonymous();
        client.start_email_sign_in(ADA).await;
        let link = app.mail_to(ADA).await.by_link();
        let signing_in = async move {
            if way == "mail" { client.sign_in_with_email(link).await } else { login(&client, ADA).await }
        };
        let answer = held_up(&app, "UPDATE accounts SET roles = '{admin}'", signing_in, async || {}).await;
        assert_eq!(kind(&answer), "SecondFactorEnrolmentRequired", "{way}: {answer}");
        assert_eq!(sessions(&app).await, 1, "{way}");
    }
}
