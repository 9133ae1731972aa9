//! Logging in.

use serde_json::{Value, json};

use crate::support::database::BLOCKED;
use crate::support::{PASSWORD, TestApp, until};

fn outcome(answer: &Value) -> &str {
    answer["data"]["login"]["__typename"].as_str().unwrap_or_else(|| panic!("no outcome: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn email_and_username_both_log_in_in_any_case() {
    let app = TestApp::start().await;
    let input = json!({ "email": "ada@example.com", "password": PASSWORD, "username": "Ada" });
    app.anonymous().try_register(input).await;
    for identifier in ["ada@example.com", "ADA@example.COM", " ada@example.com ", "ada", "ADA"] {
        let answer = app.anonymous().try_login(identifier, PASSWORD).await;
        assert_eq!(outcome(&answer), "LoginSuccess", "{identifier}");
        assert_eq!(answer["data"]["login"]["user"]["username"], "Ada");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_unknown_account_and_disabled_account_are_told_alike() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    app.registered("off@example.com").await;
    app.database.execute("UPDATE accounts SET disabled_at = now() WHERE email = 'off@example.com'").await;
    let long = "x".repeat(5000);
    let mut answers = Vec::new();
    for (identifier, password) in [
        ("ada@example.com", "wrong"),
        ("ada@example.com", ""),
        ("ada@example.com", &PASSWORD.to_uppercase()),
        ("ada@example.com", long.as_str()),
        ("nobody@example.com", PASSWORD),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("not an identifier \0", PASSWORD),
        (long.as_str(), PASSWORD),
        ("off@example.com", PASSWORD),
    ] {
        let answer = app.anonymous().try_login(identifier, password).await;
        assert_eq!(outcome(&answer), "InvalidCredentials", "{identifier:.20} {password:.20}");
        answers.push(answer);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_compared_in_one_unicode_form() {
    let app = TestApp::start().await;
    let input = json!({ "email": "ada@example.com", "password": "na\u{ef}ve caf\u{e9} entr\u{e9}e" });
    app.anonymous().try_register(input).await;
    let answer = app.anonymous().try_login("ada@example.com", "nai\u{308}ve cafe\u{301} entre\u{301}e").await;
    assert_eq!(outcome(&answer), "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_hash_is_replaced_at_login_and_a_stronger_one_kept() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let TestApp { database, .. } = app;
    let url = database.url.clone();
    let stronger = TestApp::on(database, &url, &["--argon2-memory-kib=128", "--argon2-iterations=2"]).await;
    let hash = async |app: &TestApp| {
        app.database.operator.query_one("SELECT hash FROM passwords", &[]).await.expect("a row").get::<_, String>(0)
    };
    assert!(hash(&stronger).await.contains("m=64,t=1"));
    stronger.anonymous().login("ada@example.com").await;
    let replaced = hash(&stronger).await;
    assert!(replaced.contains("m=128,t=2"), "{replaced}");
    stronger.anonymous().login("ada@example.com").await;
    assert_eq!(hash(&stronger).await, replaced);

    let TestApp { database, .. } = stronger;
    let weaker = TestApp::on(database, &url, &[]).await;
    weaker.anonymous().login("ada@example.com").await;
    assert_eq!(hash(&weaker).await, replaced);
}

/// Logs in while an operator's `change` to the account is under way: made, and committed only when the login waits for it.
async fn login_while(change: &str) -> (TestApp, Value) {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let other = json!({ "email": "eve@example.com", "password": "quite another password" });
    app.anonymous().try_register(other).await;
    let client = app.anonymous();
    app.database.operator.batch_execute(&format!("BEGIN; {change} email = 'ada@example.com'")).await.expect("a change");
    let login = tokio::spawn(async move { client.try_login("ada@example.com", PASSWORD).await });
    until("the login waits", async || app.database.count(BLOCKED).await > 0).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    (app, login.await.expect("an answer"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_changed_or_an_account_disabled_during_a_login_wins() {
    let changes = [
        "UPDATE passwords SET hash = (SELECT hash FROM passwords WHERE account_id <> id) FROM accounts WHERE account_id = id AND",
        "DELETE FROM passwords USING accounts WHERE account_id = id AND",
        "UPDATE accounts SET disabled_at = now() WHERE",
        "DELETE FROM accounts WHERE",
    ];
    for change in changes {
        let (app, answer) = login_while(change).await;
        assert_eq!(outcome(&answer), "InvalidCredentials", "{change}");
        let opened = "SELECT count(*) FROM sessions WHERE user_agent IS NOT NULL";
        assert_eq!(
            app.database.count(opened).await,
            if change.starts_with("DELETE FROM accounts") { 1 } else { 2 },
            "{change}"
        );
    }
    let (_, answer) = login_while("UPDATE accounts SET roles = '{staff}' WHERE").await;
    assert_eq!(outcome(&answer), "LoginSuccess", "the control");
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_once_over_a_weak_hash_all_succeed_and_replace_it_once() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let TestApp { database, .. } = app;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &["--argon2-memory-kib=128"]).await;
    let client = app.anonymous();
    let logins = (0..8).map(|_| client.try_login("ada@example.com", PASSWORD));
    for answer in futures_util::future::join_all(logins).await {
        assert_eq!(outcome(&answer), "LoginSuccess");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM passwords WHERE hash LIKE '%m=128,%'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_never_outlives_its_limit_nor_a_token_its_session() {
    let app = TestApp::with(&["--session-ttl=5m", "--access-token-ttl=10m"]).await;
    let client = app.registered("ada@example.com").await;
    assert_eq!(client.session()["expiresAt"], "2026-01-01T00:05:00Z");
    assert_eq!(client.tokens()["accessTokenExpiresAt"], "2026-01-01T00:05:00Z");
}
