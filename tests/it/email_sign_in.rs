//! Signing in with what a mail brought.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::flows::{code, expired_meanwhile, held_up, kind, wrong};
use crate::support::{PASSWORD, TestApp};

const ADA: &str = "ada@example.com";

/// Asks for a mail, and gives what it brought as proofs: the link and the code.
async fn asked(app: &TestApp, email: &str) -> (Value, Value) {
    let started = app.anonymous().start_email_sign_in(email).await;
    assert_eq!(kind(&started), "EmailFlowStarted", "{started}");
    let mail = app.mail_to(email).await;
    (mail.by_link(), code(&started, &mail.code()))
}

async fn events(app: &TestApp) -> Vec<String> {
    let rows = app.database.operator.query("SELECT kind FROM audit_events ORDER BY occurred_at, kind", &[]).await;
    rows.expect("events").iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_signs_in_on_any_device_and_proves_the_address() {
    let app = TestApp::start().await;
    let first = app.registered(ADA).await;
    assert_eq!(first.is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(1));
    let (link, _) = asked(&app, ADA).await;
    app.clock.advance(Duration::from_secs(1));
    let phone = app.anonymous().at("127.0.0.7");
    let success = phone.sign_in_with_email(link.clone()).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:00:02Z");
    assert_eq!(success["session"]["methods"], json!(["EMAIL"]));
    assert_eq!(success["session"]["current"], true);
    let signed_in = phone.signed_in(&success);
    assert_eq!(signed_in.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!(first.is_signed_in().await, Ok(()), "the other session goes on");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess", "the password stays");
    assert_eq!(kind(&phone.sign_in_with_email(link).await), "FlowExpired", "it is used");
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(phone.sign_in_with_email(link).await["user"]["emailVerifiedAt"], "2026-01-01T00:00:02Z");
    let recorded = events(&app).await;
    let expected = [
        "registered",
        "email_sign_in_requested",
        "email_sign_in_requested",
        "email_verified",
        "logged_in",
        "logged_in",
        "logged_in",
    ];
    assert_eq!(recorded, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_works_on_the_device_that_asked() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (_, by_code) = asked(&app, ADA).await;
    let (_, later) = asked(&app, ADA).await;
    let right = by_code["code"]["code"].as_str().expect("a code");
    // Without the token of the flow it is nothing: not with another flow's, nor with a made-up one.
    let elsewhere = json!({ "code": { "flow": later["code"]["flow"], "code": right } });
    assert_eq!(kind(&app.anonymous().sign_in_with_email(elsewhere).await), "InvalidCode");
    let made_up = json!({ "code": { "flow": format!("pcf_{}", "A".repeat(43)), "code": right } });
    assert_eq!(kind(&app.anonymous().sign_in_with_email(made_up).await), "FlowExpired");
    let mut guess = by_code.clone();
    guess["code"]["code"] = json!(wrong(right));
    let refused = app.anonymous().sign_in_with_email(guess).await;
    assert_eq!((kind(&refused), &refused["triesLeft"]), ("InvalidCode", &json!(4)), "{refused}");
    let mut spaced = by_code.clone();
    spaced["code"]["code"] = json!(format!(" {} {} ", &right[..4], &right[4..]));
    assert_eq!(kind(&app.anonymous().sign_in_with_email(spaced).await), "LoginSuccess");
    assert_eq!(kind(&app.anonymous().sign_in_with_email(by_code).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_sign_ins_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, by_code) = asked(&app, ADA).await;
    let sign_ins = (0..50).map(|number| {
        let (client, proof) = (app.anonymous(), if number % 2 == 0 { link.clone() } else { by_code.clone() });
        async move { client.sign_in_with_email(proof).await }
    });
    let outcomes = join_all(sign_ins).await;
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "LoginSuccess").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| kind(outcome) == "FlowExpired").count(), 49, "{outcomes:?}");
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_in_between_is_not_signed_in_to() {
    for change in [
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET email = 'deleted', deleted_at = now(), disabled_at = now()",
        "DELETE FROM accounts",
        // Another account has the address by now.
        "UPDATE accounts SET email = CASE email WHEN 'ada@example.com' THEN 'eve2@example.com' ELSE 'eve3@example.com' END",
    ] {
        let app = TestApp::start().await;
        app.registered(ADA).await;
        app.registered("eve@example.com").await;
        let (link, by_code) = asked(&app, ADA).await;
        if change.starts_with("UPDATE accounts SET email = 'other") || change.contains("'deleted'") {
            app.database.execute("DELETE FROM accounts WHERE email = 'eve@example.com'").await;
        }
        app.database.execute(change).await;
        app.database.execute("UPDATE accounts SET email = 'ada@example.com' WHERE email = 'eve3@example.com'").await;
        for proof in [link, by_code] {
            assert_eq!(kind(&app.anonymous().sign_in_with_email(proof).await), "FlowExpired", "{change}");
        }
        assert!(!events(&app).await.contains(&"logged_in".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_waits_for_a_change_of_the_account_that_is_under_way() {
    for change in ["UPDATE accounts SET email = 'other@example.com'", "UPDATE accounts SET disabled_at = now()"] {
        let app = TestApp::start().await;
        app.registered(ADA).await;
        let (link, _) = asked(&app, ADA).await;
        let client = app.anonymous();
        let answer = held_up(&app, change, async move { client.sign_in_with_email(link).await }, async || {}).await;
        assert_eq!(kind(&answer), "FlowExpired", "{change}: {answer}");
        assert!(!events(&app).await.contains(&"logged_in".to_owned()), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_expires_in_between_signs_nobody_in_and_makes_no_account() {
    for exists in [true, false] {
        let app = TestApp::with(&["--email-sign-in=register"]).await;
        if exists {
            app.registered(ADA).await;
        }
        let (link, _) = asked(&app, ADA).await;
        let client = app.anonymous();
        let answer = expired_meanwhile(&app, async move { client.sign_in_with_email(link).await }).await;
        assert_eq!(kind(&answer), "FlowExpired", "{exists}: {answer}");
        assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, i64::from(exists));
        assert!(!events(&app).await.contains(&"logged_in".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_known_stays_known_and_an_account_without_a_password_has_no_devices() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let device = |token: &Value| token.as_str().expect("a token").split('.').nth(1).expect("a device").to_owned();
    let known = device(&json!(ada.device_token()));
    let (link, _) = asked(&app, ADA).await;
    let success = app.anonymous().on_device(ada.device_token()).sign_in_with_email(link).await;
    assert_eq!(device(&success["deviceToken"]), known);
    let (link, _) = asked(&app, ADA).await;
    let success = app.anonymous().on_device("rubbish").sign_in_with_email(link).await;
    assert_ne!(device(&success["deviceToken"]), known);
    app.database.execute("DELETE FROM passwords").await;
    let (link, _) = asked(&app, ADA).await;
    let success = app.anonymous().on_device(ada.device_token()).sign_in_with_email(link).await;
    assert_eq!((kind(&success), &success["deviceToken"]), ("LoginSuccess", &Value::Null), "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_mail_makes_room_for_its_session() {
    let app = TestApp::with(&["--max-sessions=2"]).await;
    let first = app.registered(ADA).await;
    assert_eq!(first.is_signed_in().await, Ok(()));
    app.clock.advance(Duration::from_secs(1));
    let second = app.anonymous().login(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link).await), "LoginSuccess");
    assert_eq!(first.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(second.is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_an_account_gets_one_only_where_that_is_set_and_registration_is_open() {
    for (flags, registers) in [
        (["--email-sign-in=on", "--open-registration=on"], false),
        (["--email-sign-in=register", "--open-registration=off"], false),
        (["--email-sign-in=register", "--open-registration=on"], true),
    ] {
        let app = TestApp::with(&flags).await;
        let started = app.anonymous().start_email_sign_in("New@example.com").await;
        assert_eq!(kind(&started), "EmailFlowStarted");
        let mails = app.mails_to("New@example.com").await;
        assert_eq!(mails.len(), usize::from(registers), "{flags:?}");
        let Some(mail) = mails.first() else { continue };
        assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
        let sign_ins = (0..20).map(|_| {
            let (client, proof) = (app.anonymous(), mail.by_link());
            async move { client.sign_in_with_email(proof).await }
        });
        let outcomes = join_all(sign_ins).await;
        let success: Vec<_> = outcomes.iter().filter(|outcome| kind(outcome) == "LoginSuccess").collect();
        assert_eq!(success.len(), 1, "{outcomes:?}");
        let user = &success[0]["user"];
        assert_eq!((&user["email"], &user["username"]), (&json!("New@example.com"), &Value::Null));
        assert_eq!(user["emailVerifiedAt"], "2026-01-01T00:00:00Z");
        assert_eq!((&success[0]["deviceToken"], &success[0]["session"]["methods"]), (&Value::Null, &json!(["EMAIL"])));
        assert_eq!(app.anonymous().signed_in(success[0]).is_signed_in().await, Ok(()));
        assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 0);
        assert_eq!(app.anonymous().login_type("new@example.com", PASSWORD).await, "InvalidCredentials");
        assert_eq!(events(&app).await.iter().filter(|event| *event == "registered").count(), 1);
        // By the next mail the same account is signed in to.
        app.anonymous().start_email_sign_in("new@example.com").await;
        let link = app.mail_to("New@example.com").await.by_link();
        assert_eq!(app.anonymous().sign_in_with_email(link).await["user"]["id"], user["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_that_was_closed_or_an_address_that_was_taken_in_between_makes_no_account() {
    let app = TestApp::with(&["--email-sign-in=register"]).await;
    let closed = app.peer(&["--email-sign-in=register", "--open-registration=off"]).await;
    let (link, _) = asked(&app, ADA).await;
    let there = closed.visited_by(&app.anonymous());
    assert_eq!(kind(&there.sign_in_with_email(link.clone()).await), "FlowExpired");
    app.registered(ADA).await;
    assert_eq!(kind(&app.anonymous().sign_in_with_email(link).await), "FlowExpired");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts WHERE email_verified_at IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_off_nobody_asks_and_nobody_signs_in() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let (link, _) = asked(&app, ADA).await;
    let peer = app.peer(&["--email-sign-in=off"]).await;
    let client = peer.visited_by(&app.anonymous());
    for answer in [client.start_email_sign_in(ADA).await, client.sign_in_with_email(link).await] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{answer}");
        assert!(answer["data"].as_object().expect("data").values().all(Value::is_null), "{answer}");
    }
    assert_eq!(kind(&client.start_password_reset(ADA).await), "EmailFlowStarted", "a reset is something else");
}
