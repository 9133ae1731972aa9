//! What strangers try with registrations that are confirmed by mail.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{VERIFIED, another, by_code, confirm, register, register_as};
use crate::support::flows::{expired_meanwhile, held_up};
use crate::support::{PASSWORD, TestApp, until};

/// An account with this address.
async fn account(app: &TestApp, email: &str) {
    let peer = app.peer(&["--email-verification=off"]).await;
    peer.visited_by(&app.anonymous()).register(email).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_answers_like_a_free_one() {
    let app = TestApp::with(VERIFIED).await;
    account(&app, "ada@example.com").await;
    let client = app.anonymous();
    let mut stories = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let pending = register(&client, email).await;
        let mut story =
            vec![pending["__typename"].clone(), pending["expiresAt"].clone(), pending["resendAfter"].clone()];
        for _ in 0..6 {
            let tried = confirm(&client, by_code(&pending, "1234 5678")).await;
            story.extend([tried["__typename"].clone(), tried["triesLeft"].clone(), tried["message"].clone()]);
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    // The owner is told, and can set a new password with that mail. It confirms no registration.
    let mail = app.mail_to("ada@example.com").await;
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "FlowExpired");
    let kinds = app.database.texts("SELECT kind FROM mails ORDER BY kind").await;
    assert_eq!(kinds, ["address_taken", "confirm_registration"]);
    let links = app.database.texts("SELECT link_kind FROM flows ORDER BY link_kind").await;
    assert_eq!(links, ["password_reset", "registration"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_disabled_account_gets_no_mail() {
    let app = TestApp::with(VERIFIED).await;
    account(&app, "ada@example.com").await;
    app.database.operator.batch_execute("UPDATE accounts SET disabled_at = now()").await.expect("a change");
    assert_eq!(register(&app.anonymous(), "ada@example.com").await["__typename"], "RegistrationPending");
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE recipient IS NOT NULL").await, 0);
    assert!(app.mails_to("ada@example.com").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_confirmations_at_once_one_succeeds() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let pending = register(&client, "ada@example.com").await;
    let mail = app.mail_to("ada@example.com").await;
    let proofs = (0..50).map(|number| match number % 2 {
        0 => json!({ "link": mail.link() }),
        _ => by_code(&pending, &mail.code()),
    });
    let answers = join_all(proofs.map(|proof| confirm(&client, proof))).await;
    let successes = answers.iter().filter(|answer| answer["__typename"] == "RegisterSuccess").count();
    let others =
        answers.iter().filter(|answer| ["FlowExpired", "EmailTaken"].iter().any(|it| answer["__typename"] == *it));
    assert_eq!((successes, others.count()), (1, 49), "{answers:?}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_expires_in_between_makes_no_account() {
    let app = TestApp::with(VERIFIED).await;
    register(&app.anonymous(), "ada@example.com").await;
    let link = app.mail_to("ada@example.com").await.link();
    let client = app.anonymous();
    let answer = expired_meanwhile(&app, async move { confirm(&client, json!({ "link": link })).await }).await;
    assert_eq!(answer["__typename"], "FlowExpired", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
}

/// The account of the first confirmation may have another address by then, so it does not stand in the way of a second one.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_confirmed_in_between_makes_no_second_account() {
    let app = TestApp::with(VERIFIED).await;
    register(&app.anonymous(), "ada@example.com").await;
    let link = app.mail_to("ada@example.com").await.link();
    let client = app.anonymous();
    let confirming = async move { confirm(&client, json!({ "link": link })).await };
    let confirmed = async || {
        app.database.execute("UPDATE flows SET consumed_at = now()").await;
    };
    // The check of the proof only reads accounts, and is over when the account is to be written.
    let answer = held_up(&app, "LOCK TABLE accounts IN SHARE MODE", confirming, confirmed).await;
    assert_eq!(answer["__typename"], "FlowExpired", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_use_up_the_code_and_not_the_link() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let pending = register(&client, "ada@example.com").await;
    let mail = app.mail_to("ada@example.com").await;
    let wrong = by_code(&pending, another(&mail.code()));
    let mut left: Vec<_> = join_all((0..20).map(|_| confirm(&client, wrong.clone())))
        .await
        .iter()
        .map(|it| it["triesLeft"].clone())
        .collect();
    left.retain(|left| !left.is_null());
    left.sort_by_key(|left| left.as_i64());
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(confirm(&client, by_code(&pending, &mail.code())).await["__typename"], "FlowExpired");
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "RegisterSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_refills_no_tries() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let mut flows = Vec::new();
    for _ in 0..3 {
        let pending = register(&client, "ada@example.com").await;
        flows.push((pending, app.mail_to("ada@example.com").await));
    }
    let mut answers = Vec::new();
    for (pending, mail) in &flows {
        for _ in 0..5 {
            answers.push(confirm(&client, by_code(pending, another(&mail.code()))).await["__typename"].clone());
        }
    }
    let count = |kind: &str| answers.iter().filter(|answer| *answer == kind).count();
    assert_eq!((count("InvalidCode"), count("RateLimited")), (10, 5), "{answers:?}");
    let (pending, mail) = &flows[2];
    let right = confirm(&client, by_code(pending, &mail.code())).await;
    assert_eq!(right["__typename"], "RateLimited", "not even the right one: {right}");
    // A link can't be guessed, so it stays.
    assert_eq!(confirm(&client, json!({ "link": mail.link() })).await["__typename"], "RegisterSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_spelling_of_the_address_refills_no_tries() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let mut answers = Vec::new();
    for email in ["ada@example.com", "ADA@example.com", "Ada@example.com"] {
        let pending = register(&client, email).await;
        let wrong = by_code(&pending, another(&app.mail_to(email).await.code()));
        for _ in 0..5 {
            answers.push(confirm(&client, wrong.clone()).await["__typename"].clone());
        }
    }
    let count = |kind: &str| answers.iter().filter(|answer| *answer == kind).count();
    assert_eq!((count("InvalidCode"), count("RateLimited")), (10, 5), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_registration_proves_nothing() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let ada = register(&client, "ada@example.com").await;
    let eve = register(&client, "eve@example.com").await;
    let eves = app.mail_to("eve@example.com").await;
    let crossed = confirm(&client, by_code(&ada, &eves.code())).await;
    assert_eq!(crossed["__typename"], "InvalidCode", "a code of another flow");
    for odd in [
        json!({ "link": eve["flow"] }),
        json!({ "link": "" }),
        json!({ "link": format!("{}x", eves.link()) }),
        json!({ "link": eves.link().to_uppercase() }),
        json!({ "link": "pcl_\u{0}".repeat(200) }),
        json!({ "code": { "flow": eves.link(), "code": eves.code() } }),
        json!({ "code": { "flow": "", "code": eves.code() } }),
    ] {
        assert_eq!(confirm(&client, odd.clone()).await["__typename"], "FlowExpired", "{odd}");
    }
    for odd in ["", "1234567", "123456789", "１２３４５６７８", "' OR 1=1 --", "12345678; 12345679"] {
        let answer = confirm(&client, by_code(&ada, odd)).await;
        assert!(["InvalidCode", "FlowExpired"].iter().any(|it| answer["__typename"] == *it), "{odd}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fills_the_mailbox_of_another() {
    let app = TestApp::with(&["--email-verification=required", "--rate-limits=on"]).await;
    account(&app, "ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut answers = Vec::new();
        for number in 0..6 {
            // Each from an address of its own, and once in the same minute.
            let client = app.anonymous().at(&format!("127.0.1.{}", number + 1));
            answers.push(register(&client, email).await["__typename"].clone());
            if number != 0 {
                app.clock.advance(Duration::from_secs(61));
            }
        }
        let kinds = ["RegistrationPending", "RateLimited", "RegistrationPending", "RegistrationPending", "RateLimited"];
        assert_eq!(answers[..5], kinds, "{email}");
        app.clock.advance(Duration::from_secs(2 * 60 * 60));
    }
    let mails = app.database.texts("SELECT recipient FROM mails ORDER BY recipient").await;
    assert_eq!(mails.len(), 6, "{mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_one_attempt_each() {
    let app = TestApp::with(&["--email-verification=required", "--rate-limits=on"]).await;
    let one = |number: usize| {
        format!(
            "r{number}: register(input: {{ email: \"ada@example.com\", password: \"{PASSWORD}\" }}) {{ __typename }}"
        )
    };
    let document = format!("mutation {{ {} }}", (0..5).map(one).collect::<Vec<_>>().join(" "));
    let answer = app.anonymous().send(&document, json!(null)).await;
    let data = answer["data"].as_object().unwrap_or_else(|| panic!("no data: {answer}"));
    let kinds: Vec<_> = data.values().map(|it| it["__typename"].clone()).collect();
    assert_eq!(kinds, ["RegistrationPending", "RateLimited", "RateLimited", "RateLimited", "RateLimited"]);
    assert_eq!(app.database.count("SELECT count(*) FROM mails").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_has_a_secret_in_plain() {
    let app = TestApp::with(VERIFIED).await;
    let pending = register_as(&app.anonymous(), "ada@example.com", Some("ada")).await;
    let mail = app.mail_to("ada@example.com").await;
    let flow = pending["flow"].as_str().expect("a flow").to_owned();
    let digits: String = mail.code().chars().filter(char::is_ascii_digit).collect();
    for table in ["flows", "mails", "accounts", "audit_events", "limits"] {
        for text in app.database.texts(&format!("SELECT t::text FROM {table} t")).await {
            for secret in [flow.as_str(), &mail.link(), &digits, PASSWORD] {
                assert!(!text.contains(secret), "{table}: {text}");
            }
        }
    }
    let erased = "SELECT count(*) FROM mails WHERE content IS NULL AND sent_at IS NOT NULL";
    assert_eq!(app.database.count(erased).await, 1, "what was sent is erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_of_which_no_mail_comes_takes_no_mail_from_the_owner() {
    let app = TestApp::with(&["--email-verification=required", "--rate-limits=on"]).await;
    account(&app, "ada@example.com").await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { __typename } }";
    for _ in 0..10 {
        let weak = json!({ "input": { "email": "ada@example.com", "password": "password1" } });
        let answer = app.anonymous().send(query, weak).await;
        assert_eq!(answer["data"]["register"]["__typename"], "WeakPassword", "{answer}");
        let full = "SELECT count(*) FROM limits WHERE full_at > $$2026-01-01T00:00:00Z$$";
        // The address of the client pays for the attempt; that of the owner does not.
        until("what was taken comes back", async || app.database.count(full).await == 1).await;
    }
    assert_eq!(register(&app.anonymous(), "ada@example.com").await["__typename"], "RegistrationPending");
    assert_eq!(app.database.count("SELECT count(*) FROM mails").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_an_address_is_told_as_the_account_has_it() {
    let app = TestApp::with(VERIFIED).await;
    account(&app, "ada@example.com").await;
    register(&app.anonymous(), "ADA@example.com").await;
    assert_eq!(app.database.texts("SELECT recipient FROM mails").await, ["ada@example.com"]);
}
