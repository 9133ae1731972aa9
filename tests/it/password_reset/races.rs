//! Resets at the same moment as each other, as logins, and as other changes of the account.

use futures_util::future::join_all;

use super::{ADA, NEW, asked, events, mails};
use crate::support::database::BLOCKED;
use crate::support::flows::{expired_meanwhile, held_up, kind};
use crate::support::{PASSWORD, TestApp, until};

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_resets_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, by_code) = asked(&app, ADA).await;
    let resets = (0..50).map(|number| {
        let (client, proof) = (app.anonymous(), if number % 2 == 0 { link.clone() } else { by_code.clone() });
        async move { client.complete_password_reset(proof, &format!("{NEW} {number}")).await }
    });
    let outcomes = join_all(resets).await;
    let kinds: Vec<_> = outcomes.iter().map(kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "CompletePasswordResetSuccess").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "FlowExpired").count(), 49, "{kinds:?}");
    let number = kinds.iter().position(|kind| *kind == "CompletePasswordResetSuccess").expect("one");
    assert_eq!(app.anonymous().login_type(ADA, &format!("{NEW} {number}")).await, "LoginSuccess");
    assert_eq!(mails(&app).await.len(), 2);
    assert_eq!(app.database.count("SELECT session_generation FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_in_between_is_not_reset() {
    let change = [
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET email = 'deleted', deleted_at = now(), disabled_at = now()",
        "DELETE FROM accounts",
    ];
    for change in change {
        for waits in [false, true] {
            let app = TestApp::start().await;
            app.registered(ADA).await;
            let (link, _) = asked(&app, ADA).await;
            let client = app.anonymous();
            let answer = if waits {
                // The change has the row, and is committed while the reset waits for it.
                app.database.operator.batch_execute(&format!("BEGIN; {change}")).await.expect("a change");
                let resetting = tokio::spawn(async move { client.complete_password_reset(link, NEW).await });
                let is_blocked = async || {
                    app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a look");
                    app.database.count(BLOCKED).await > 0
                };
                until("the reset waits", is_blocked).await;
                app.database.operator.batch_execute("COMMIT").await.expect("a commit");
                resetting.await.expect("an answer")
            } else {
                app.database.execute(change).await;
                client.complete_password_reset(link, NEW).await
            };
            assert_eq!(kind(&answer), "FlowExpired", "{change}, {waits}");
            assert_eq!(mails(&app).await.iter().filter(|mail| mail.starts_with("password_reset")).count(), 0);
            assert!(!events(&app).await.contains(&"password_reset".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_expires_in_between_resets_nothing() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let client = app.anonymous();
    let answer = expired_meanwhile(&app, async move { client.complete_password_reset(link, NEW).await }).await;
    assert_eq!(kind(&answer), "FlowExpired", "{answer}");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess");
    assert_eq!(mails(&app).await, ["reset_password to ada@example.com"]);
}

/// It is answered like one that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_deleted_while_it_is_asked_for_gets_no_mail() {
    for change in
        ["UPDATE accounts SET email = 'deleted', deleted_at = now(), disabled_at = now()", "DELETE FROM accounts"]
    {
        let app = TestApp::start().await;
        app.registered(ADA).await;
        let client = app.anonymous();
        let asking = async move { client.start_password_reset(ADA).await };
        let answer = held_up(&app, &format!("SELECT FROM accounts FOR UPDATE; {change}"), asking, async || {}).await;
        assert_eq!(kind(&answer), "EmailFlowStarted", "{change}: {answer}");
        assert!(mails(&app).await.is_empty(), "{change}");
        assert_eq!(app.database.count("SELECT count(*) FROM flows WHERE account_id IS NULL").await, 1, "{change}");
    }
}

/// A login that has compared the old password when the reset begins ends with it, however they interleave.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_outlives_the_reset() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let mut old = PASSWORD.to_owned();
    for round in 0..10 {
        let (link, _) = asked(&app, ADA).await;
        app.anonymous().start_email_sign_in(ADA).await;
        // A mail that tells of the reset before may come later.
        let mails = app.mails_to(ADA).await;
        let signing_in = mails.iter().find(|mail| mail.text().contains("#sign-in=")).expect("a mail").by_link();
        let new = format!("{NEW} {round}");
        let logins = (0..4).map(|_| {
            let (client, old) = (app.anonymous(), old.clone());
            async move { client.try_login(ADA, &old).await["data"]["login"].clone() }
        });
        let (client, other) = (app.anonymous(), app.anonymous());
        let reset = client.complete_password_reset(link, &new);
        let (done, logins, by_mail) = tokio::join!(reset, join_all(logins), other.sign_in_with_email(signing_in));
        assert_eq!(kind(&done), "CompletePasswordResetSuccess", "{done}");
        for login in logins.iter().chain([&by_mail]) {
            if let Some(token) = login["tokens"]["accessToken"].as_str() {
                let late = app.anonymous().with_token(token).is_signed_in().await;
                assert_eq!(late, Err("SESSION_REVOKED".into()), "round {round}");
            }
        }
        old = new;
    }
    let living =
        "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id WHERE generation = session_generation";
    assert_eq!(app.database.count(living).await, 0);
}

/// The same, with the login held where it matters: it has the account's row, and the reset waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_waits_for_a_login_ends_its_session() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let open = "BEGIN; SELECT FROM accounts FOR NO KEY UPDATE; \
        INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts";
    app.database.operator.batch_execute(open).await.expect("a login");
    let client = app.anonymous();
    let resetting = tokio::spawn(async move { client.complete_password_reset(link, NEW).await });
    let waits = async || {
        app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    };
    until("the reset waits", waits).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    let answer = resetting.await.expect("an answer");
    assert_eq!(answer["endedCount"], 2, "{answer}");
}
