//! Giving an account back the address of before.

use std::time::Duration;

use serde_json::{Value, json};

use super::{DAY, MINUTE, addresses, change, complete, is, revert, start};
use crate::support::database::BLOCKED;
use crate::support::{PASSWORD, TestApp, until};

const NEW: &str = "another staple for the horse";

/// The answer of `completePasswordReset`.
async fn reset(app: &TestApp, link: &str, password: &str) -> Value {
    let query =
        "mutation Reset($input: CompletePasswordResetInput!) { completePasswordReset(input: $input) { __typename } }";
    let input = json!({ "input": { "proof": { "link": link }, "newPassword": password } });
    app.anonymous().send(query, input).await["data"]["completePasswordReset"]["__typename"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gets_back_in_and_the_thief_is_out() {
    let app = TestApp::start().await;
    let peer = app.peer(&[]).await;
    let owner = app.registered("ada@example.com").await;
    let thief = app.anonymous().login("ada@example.com").await;
    let back = change(&app, &thief, "ada@example.com", "eve@example.com").await;
    assert_eq!(peer.visited_by(&thief).is_signed_in().await, Ok(()));
    // The thief also knows the password, and goes on from there.
    assert_eq!(app.anonymous().login_type("eve@example.com", PASSWORD).await, "LoginSuccess");
    start(&thief, "mallory@example.com").await;
    let next = app.mail_to("mallory@example.com").await.link();
    app.clock.advance(MINUTE);
    let answer = revert(&app.anonymous(), &back).await;
    assert_eq!((&answer["email"], &answer["endedCount"]), (&json!("ada@example.com"), &json!(3)), "{answer}");
    let ended = answer["endedSessions"]["nodes"].as_array().expect("sessions");
    assert!(ended.len() == 3 && ended.iter().all(|session| session["current"] == false), "{ended:?}");
    for client in [&owner, &thief] {
        assert_eq!(client.is_signed_in().await, Err("SESSION_REVOKED".into()));
    }
    until("the other instance hears of it", async || {
        peer.visited_by(&thief).is_signed_in().await == Err("SESSION_REVOKED".into())
    })
    .await;
    assert_eq!(thief.try_refresh(thief.refresh_token()).await["__typename"], "InvalidRefreshToken");
    assert_eq!(app.database.count("SELECT count(*) FROM passwords").await, 0);
    for (email, device) in [("ada@example.com", &thief), ("eve@example.com", &thief)] {
        let client = app.anonymous().on_device(device.device_token());
        assert_eq!(client.login_type(email, PASSWORD).await, "InvalidCredentials");
    }
    assert!(is(&complete(&app.anonymous(), json!({ "link": next })).await, "FlowExpired"));
    assert!(is(&revert(&app.anonymous(), &back).await, "FlowExpired"), "it is used");
    // The mail that sets a new password went to the address that was given back, and to nobody else.
    let mails = app.mails_to("ada@example.com").await;
    assert_eq!((mails.len(), app.mails_to("eve@example.com").await.len()), (2, 1));
    let mail = mails[0].text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(mail.starts_with("Set a new password ") && mail.contains("So were all recovery codes"), "{mail}");
    assert_eq!(reset(&app, &mails[0].link(), NEW).await, "CompletePasswordResetSuccess");
    let again = app.anonymous();
    assert_eq!(again.login_type("ada@example.com", NEW).await, "LoginSuccess");
    let kinds =
        "SELECT count(*) FROM audit_events e JOIN accounts a ON a.id = account_id WHERE kind = 'email_change_reverted'";
    assert_eq!(app.database.count(kinds).await, 1);
    let verified = "SELECT count(*) FROM accounts WHERE email_verified_at = '2026-01-01T00:01:00Z'";
    assert_eq!(app.database.count(verified).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_for_seven_days() {
    for (after, expected) in [(Duration::from_secs(1), "RevertEmailChangeSuccess"), (Duration::ZERO, "FlowExpired")] {
        let app = TestApp::start().await;
        let ada = app.registered("ada@example.com").await;
        let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
        app.clock.advance(7 * DAY - after);
        let answer = revert(&app.anonymous(), &back).await;
        assert_eq!(answer["__typename"], expected, "{after:?}: {answer}");
    }
}

/// The clock stands still, so the two changes have the same time.
#[tokio::test(flavor = "multi_thread")]
async fn who_had_the_account_first_has_the_last_word() {
    let both = async || {
        let app = TestApp::start().await;
        let ada = app.registered("ada@example.com").await;
        let to_ada = change(&app, &ada, "ada@example.com", "b@example.com").await;
        let to_b = change(&app, &ada, "b@example.com", "c@example.com").await;
        (app, to_ada, to_b)
    };
    let (app, to_ada, to_b) = both().await;
    assert!(is(&revert(&app.anonymous(), &to_ada).await, "RevertEmailChangeSuccess"));
    assert!(is(&revert(&app.anonymous(), &to_b).await, "FlowExpired"), "b takes nothing from ada");
    assert_eq!(addresses(&app).await, ["ada@example.com"]);
    let (app, to_ada, to_b) = both().await;
    assert!(is(&revert(&app.anonymous(), &to_b).await, "RevertEmailChangeSuccess"));
    assert_eq!(addresses(&app).await, ["b@example.com"]);
    assert!(is(&revert(&app.anonymous(), &to_ada).await, "RevertEmailChangeSuccess"), "b can't get rid of ada");
    assert_eq!(addresses(&app).await, ["ada@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_of_the_password_leaves_the_revert() {
    let app = TestApp::start().await;
    let thief = app.registered("ada@example.com").await;
    let back = change(&app, &thief, "ada@example.com", "eve@example.com").await;
    let ask = "mutation { startPasswordReset(input: { email: \"eve@example.com\" }) { __typename } }";
    app.anonymous().send(ask, Value::Null).await;
    let link = app.mail_to("eve@example.com").await.link();
    assert_eq!(reset(&app, &link, NEW).await, "CompletePasswordResetSuccess");
    assert!(is(&revert(&app.anonymous(), &back).await, "RevertEmailChangeSuccess"));
    assert_eq!(app.anonymous().login_type("ada@example.com", NEW).await, "InvalidCredentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
    let (anonymous, back) = (&app.anonymous(), &back);
    let answers = futures_util::future::join_all((0..50).map(|_| revert(anonymous, back))).await;
    let number = |kind: &str| answers.iter().filter(|answer| is(answer, kind)).count();
    assert_eq!((number("RevertEmailChangeSuccess"), number("FlowExpired")), (1, 49), "{answers:?}");
    assert_eq!(app.mails_to("ada@example.com").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_has_to_be_enabled_first() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
    app.database.execute("UPDATE accounts SET disabled_at = now()").await;
    assert!(is(&revert(&app.anonymous(), &back).await, "FlowExpired"));
    app.database.execute("UPDATE accounts SET disabled_at = NULL").await;
    assert!(is(&revert(&app.anonymous(), &back).await, "RevertEmailChangeSuccess"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_under_way_does_not_outlive_it() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
    let open = "BEGIN; SELECT FROM accounts FOR NO KEY UPDATE; \
        INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts";
    app.database.operator.batch_execute(open).await.expect("a login");
    let (anonymous, link) = (app.anonymous(), back.clone());
    let reverting = tokio::spawn(async move { revert(&anonymous, &link).await });
    until("the revert waits", async || {
        app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    })
    .await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    let answer = reverting.await.expect("an answer");
    assert_eq!(answer["endedCount"], 2, "{answer}");
    let living = "SELECT count(*) FROM sessions s JOIN accounts a ON a.id = account_id \
        WHERE revoked_at IS NULL AND generation >= session_generation";
    assert_eq!(app.database.count(living).await, 0);
}

/// Each token opens what it is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_kind_reverts_nothing() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let back = change(&app, &ada, "ada@example.com", "b@example.com").await;
    let started = start(&ada, "c@example.com").await;
    let link = app.mail_to("c@example.com").await.link();
    let flow = started["flow"].as_str().expect("a flow").to_owned();
    for other in [link, flow, String::new(), "pcl_".to_owned(), "x".repeat(10_000), back.replacen("pcl_", "pcf_", 1)] {
        assert!(is(&revert(&app.anonymous(), &other).await, "FlowExpired"), "{other:.60}");
    }
    assert!(is(&complete(&app.anonymous(), json!({ "link": back })).await, "FlowExpired"));
    assert_eq!(reset(&app, &back, NEW).await, "FlowExpired");
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert!(is(&revert(&app.anonymous(), &back).await, "RevertEmailChangeSuccess"));
}
