//! Several at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{ADA, complete, first, login, totp, with_factor};
use crate::support::flows::held_up;
use crate::support::{PASSWORD, TestApp, until};
use crate::totp::{Authenticator, confirm, events, kind, start};

/// The statements of this database that wait for a lock, whoever holds it.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_completions_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let (authenticator, codes) = with_factor(&app).await;
    let asked = first(&app).await;
    let code = authenticator.code(&app, 0);
    let answers = join_all((0..50).map(|number| {
        let factor = if number % 2 == 0 { totp(&code) } else { json!({ "recoveryCode": codes[number % 10] }) };
        let (client, asked) = (app.anonymous(), asked.clone());
        async move { complete(&client, &asked, factor).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "LoginSuccess").count(), 1, "{answers:?}");
    assert_eq!((events(&app, "logged_in").await, app.database.count("SELECT count(*) FROM sessions").await), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_wrong_codes_at_once_five_are_compared() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let asked = first(&app).await;
    let wrong = authenticator.wrong(&app);
    let answers = join_all((0..50).map(|_| {
        let (client, asked, factor) = (app.anonymous(), asked.clone(), totp(&wrong));
        async move { complete(&client, &asked, factor).await }
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| kind(answer) == "InvalidCode").count(), 5, "{answers:?}");
    assert_eq!(events(&app, "second_factor_failed").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_completes_one_of_two_sign_ins() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let (one, other) = (first(&app).await, first(&app).await);
    let code = authenticator.code(&app, 0);
    let (ours, theirs) = (app.anonymous(), app.anonymous());
    let answers = tokio::join!(complete(&ours, &one, totp(&code)), complete(&theirs, &other, totp(&code)));
    let mut kinds = [kind(&answers.0), kind(&answers.1)];
    kinds.sort_unstable();
    assert_eq!(kinds, ["InvalidCode", "LoginSuccess"]);
}

/// What the account has used of its factors.
const USED: &str = "SELECT (SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL) \
    + (SELECT count(*) FROM audit_events WHERE kind IN ('totp_used', 'recovery_code_used')) \
    + (SELECT count(*) FROM mails WHERE kind = 'recovery_code_used')";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_completion_waits_for_wins_and_no_factor_is_used_up() {
    for change in [
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET session_generation = session_generation + 1",
        "SELECT FROM accounts FOR UPDATE; UPDATE passwords SET changed_at = changed_at + interval '1 microsecond'",
        "SELECT FROM accounts FOR UPDATE; UPDATE flows SET consumed_at = now()",
    ] {
        for by_code in [false, true] {
            let app = TestApp::start().await;
            let (authenticator, codes) = with_factor(&app).await;
            let (asked, client) = (first(&app).await, app.anonymous());
            let factor = if by_code { json!({ "recoveryCode": codes[0] }) } else { totp(&authenticator.code(&app, 0)) };
            let last_step = app.database.count("SELECT last_step FROM totps").await;
            let answer = held_up(&app, change, async move { complete(&client, &asked, factor).await }, async || {});
            assert_eq!(kind(&answer.await), "FlowExpired", "{change}");
            assert_eq!((events(&app, "logged_in").await, app.database.count(USED).await), (0, 0), "{change}");
            assert_eq!(app.database.count("SELECT last_step FROM totps").await, last_step, "{change}");
        }
    }
}

/// The factor was compared before it was used, replaced or removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_goes_while_a_completion_waits_is_wrong_and_counts() {
    for (change, by_code) in [
        ("UPDATE totps SET last_step = last_step + 1000000", false),
        ("UPDATE totps SET secret = 'another'", false),
        ("DELETE FROM totps", false),
        ("UPDATE recovery_codes SET used_at = now()", true),
        ("UPDATE recovery_codes SET hash = 'another'", true),
        ("DELETE FROM recovery_codes", true),
    ] {
        let app = TestApp::with(&["--rate-limits=on"]).await;
        let (authenticator, codes) = with_factor(&app).await;
        let (asked, client) = (first(&app).await, app.anonymous());
        let factor = if by_code { json!({ "recoveryCode": codes[0] }) } else { totp(&authenticator.code(&app, 0)) };
        let change = format!("SELECT FROM accounts FOR UPDATE; {change}");
        let answer = held_up(&app, &change, async move { complete(&client, &asked, factor).await }, async || {}).await;
        assert_eq!((kind(&answer), &answer["triesLeft"]), ("InvalidCode", &json!(4)), "{change}: {answer}");
        assert_eq!((events(&app, "logged_in").await, events(&app, "second_factor_failed").await), (0, 1), "{change}");
        let open = "SELECT count(*) FROM flows WHERE kind = 'sign_in' AND consumed_at IS NULL AND factor_tries = 1";
        assert_eq!(app.database.count(open).await, 1, "{change}");
        assert_eq!(app.database.count("SELECT count(*) FROM limits WHERE held > 0").await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_show_one_recovery_code_in_as_many_sign_ins_one_succeeds() {
    let app = TestApp::start().await;
    let (_, codes) = with_factor(&app).await;
    let mut asked = Vec::new();
    for _ in 0..50 {
        asked.push(first(&app).await);
    }
    let factor = json!({ "recoveryCode": codes[0] });
    let clients = app.anonymous();
    let answers = join_all(asked.iter().map(|asked| complete(&clients, asked, factor.clone()))).await;
    let count = |name: &str| answers.iter().filter(|answer| kind(answer) == name).count();
    assert_eq!((count("LoginSuccess"), count("InvalidCode")), (1, 49), "{answers:?}");
    assert_eq!((events(&app, "recovery_code_used").await, events(&app, "logged_in").await), (1, 1));
}

/// The sign-in is at the account's row behind the confirmation of the app, and has looked at everything else before.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_while_a_factor_is_added_asks_for_it() {
    for way in ["password", "mail"] {
        let app = TestApp::start().await;
        let ada = app.registered(ADA).await;
        app.anonymous().start_email_sign_in(ADA).await;
        let link = app.mail_to(ADA).await.by_link();
        let started = start(&ada).await;
        let code = Authenticator::new(&started).code(&app, 0);
        let operator = &app.database.operator;
        let waits = async |number: i64| {
            until("it waits", async || {
                operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
                app.database.count(WAITING).await == number
            })
            .await;
        };
        operator.batch_execute("BEGIN; SELECT FROM accounts FOR NO KEY UPDATE").await.expect("a lock");
        let client = (*ada).clone();
        let confirming = tokio::spawn(async move { confirm(&client, &started, &code).await });
        waits(1).await;
        let client = app.anonymous();
        let signing_in = tokio::spawn(async move {
            if way == "mail" { client.sign_in_with_email(link).await } else { login(&client, PASSWORD).await }
        });
        waits(2).await;
        operator.batch_execute("COMMIT").await.expect("a commit");
        assert_eq!(kind(&confirming.await.expect("an answer")), "ConfirmTotpSuccess");
        assert_eq!(kind(&signing_in.await.expect("an answer")), "SecondFactorRequired", "{way}");
        assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1, "{way}");
    }
}
