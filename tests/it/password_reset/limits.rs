//! How often mails are asked for and codes are tried.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ADA, MINUTE, NEW, asked, mails};
use crate::support::flows::{code, held_up, kind, wrong};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_tried_five_times_a_flow_and_ten_times_an_address_and_the_link_works_all_the_same() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let complete = async |proof: &Value| app.anonymous().complete_password_reset(proof.clone(), NEW).await;
    for round in 0..2 {
        let (_, by_code) = asked(&app, ADA).await;
        let mut guess = by_code.clone();
        guess["code"]["code"] = json!(wrong(by_code["code"]["code"].as_str().expect("a code")));
        for left in (0..5).rev() {
            let answer = complete(&guess).await;
            assert_eq!((kind(&answer), &answer["triesLeft"]), ("InvalidCode", &json!(left)), "{answer}");
        }
        let answer = complete(&by_code).await;
        assert_eq!(kind(&answer), ["FlowExpired", "RateLimited"][round], "the right code comes too late: {answer}");
        app.clock.advance(MINUTE);
    }
    // Asking again refills nothing, in a sign-in as well.
    let (link, by_code) = asked(&app, ADA).await;
    let answer = complete(&by_code).await;
    assert_eq!((kind(&answer), &answer["retryAfter"]), ("RateLimited", &json!(3480)), "{answer}");
    let started = app.anonymous().start_email_sign_in(ADA).await;
    let by_code = code(&started, &app.mail_to(ADA).await.code());
    assert_eq!(kind(&app.anonymous().sign_in_with_email(by_code).await), "RateLimited");
    assert_eq!(kind(&complete(&link).await), "CompletePasswordResetSuccess");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'code_failed'").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_come_too_often_do_not_count_and_an_hour_later_the_address_takes_codes_again() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let complete = async |proof: &Value| app.anonymous().complete_password_reset(proof.clone(), NEW).await;
    let mistaken = |by_code: &Value| {
        let mut guess = by_code.clone();
        guess["code"]["code"] = json!(wrong(by_code["code"]["code"].as_str().expect("a code")));
        guess
    };
    for _ in 0..2 {
        let (_, by_code) = asked(&app, ADA).await;
        for _ in 0..5 {
            assert_eq!(kind(&complete(&mistaken(&by_code)).await), "InvalidCode");
        }
    }
    app.clock.advance(55 * MINUTE);
    let (_, by_code) = asked(&app, ADA).await;
    for _ in 0..5 {
        assert_eq!(kind(&complete(&mistaken(&by_code)).await), "RateLimited");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'code_failed'").await, 10);
    app.clock.advance(5 * MINUTE);
    assert_eq!(kind(&complete(&by_code).await), "CompletePasswordResetSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_one_moment_is_a_guess_each() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (_, by_code) = asked(&app, ADA).await;
    let guesses = (0..50).map(|number| {
        let (client, mut guess) = (app.anonymous(), by_code.clone());
        guess["code"]["code"] = json!(format!("{number:08}"));
        async move { client.complete_password_reset(guess, NEW).await }
    });
    let outcomes = join_all(guesses).await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "InvalidCode").count(), 5, "{outcomes:?}");
}

/// The right code comes while the last wrong one is being counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_for_those_that_are_being_counted() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (_, by_code) = asked(&app, ADA).await;
    let client = app.anonymous();
    let resetting = async move { client.complete_password_reset(by_code, NEW).await };
    let answer = held_up(&app, "UPDATE flows SET tries = 5", resetting, async || {}).await;
    assert_eq!(kind(&answer), "FlowExpired", "{answer}");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
}

const ROOM: [&str; 3] = ["--rate-limits=on", "--limit-mail=1000/1h", "--limit-attempts=1000/1m"];

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gets_three_mails_an_hour_and_ten_a_day_whether_it_is_known_or_not() {
    let app = TestApp::with(&ROOM).await;
    app.registered(ADA).await;
    let mut counts = Vec::new();
    for email in [ADA, "nobody@example.com"] {
        let start = async |number: usize| match number % 2 {
            0 => app.anonymous().start_password_reset(email).await,
            // Upper and lower case are one address. All kinds count together, and only those of one kind wait for each other.
            _ => app.anonymous().start_email_sign_in(&email.to_uppercase()).await,
        };
        assert_eq!(kind(&start(0).await), "EmailFlowStarted");
        let resent = start(2).await;
        assert_eq!((kind(&resent), &resent["retryAfter"]), ("RateLimited", &json!(60)), "{resent}");
        let mut count = vec![1];
        for minute in 1..24 * 60 {
            app.clock.advance(MINUTE);
            // Most minutes are left out, so that the test is short.
            if minute > 5 && minute % 20 != 0 {
                continue;
            }
            match kind(&start(minute).await) {
                "EmailFlowStarted" => count.push(minute),
                other => assert_eq!(other, "RateLimited"),
            }
        }
        assert_eq!(count[..3], [1, 1, 2], "three at first");
        // Three at once, three that flow in, and one or two that resets have in reserve.
        assert!(count.iter().filter(|minute| **minute <= 60).count() <= 8 && count.len() <= 28, "{count:?}");
        counts.push(count);
        app.clock.advance(48 * 60 * MINUTE);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_asked_for_by_aliases_count_each() {
    let app = TestApp::with(&ROOM).await;
    app.registered(ADA).await;
    let fields: String = (0..20)
        .map(|number| format!("a{number}: startPasswordReset(input: {{ email: \"{ADA}\" }}) {{ __typename }} "))
        .collect();
    let answer = app.anonymous().send(&format!("mutation {{ {fields} }}"), Value::Null).await;
    let started = (0..20).filter(|number| answer["data"][format!("a{number}")]["__typename"] == "EmailFlowStarted");
    assert_eq!(started.count(), 1, "{answer}");
    assert_eq!(mails(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_asks_for_so_many_mails_and_takes_nothing_from_an_address_then() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-mail=4/1h"]).await;
    app.registered(ADA).await;
    let eve = app.anonymous().at("127.0.0.9");
    for number in 0..4 {
        assert_eq!(kind(&eve.start_password_reset(&format!("a{number}@example.com")).await), "EmailFlowStarted");
    }
    for _ in 0..4 {
        assert_eq!(kind(&eve.start_password_reset(ADA).await), "RateLimited");
    }
    assert_eq!(kind(&app.anonymous().start_password_reset(ADA).await), "EmailFlowStarted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_password_is_being_guessed_is_reset_by_its_owner() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login-account=5/1h", "--limit-login-attacked=1/10m"]).await;
    app.registered(ADA).await;
    for address in 2..12 {
        app.anonymous().at(&format!("127.0.0.{address}")).login_type(ADA, "a wrong password").await;
    }
    let owner = app.anonymous();
    assert_eq!(owner.login_type(ADA, "a wrong password").await, "InvalidCredentials");
    assert_eq!(owner.login_type(ADA, PASSWORD).await, "RateLimited");
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&owner.complete_password_reset(link, NEW).await), "CompletePasswordResetSuccess");
}
