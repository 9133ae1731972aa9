//! Changing the password.

use serde_json::{Value, json};

use crate::support::database::BLOCKED;
use crate::support::{Client, PASSWORD, TestApp, until};

const NEW: &str = "another staple for the horse";

async fn change(client: &Client, current: &str, new: &str) -> Value {
    let query = "mutation Change($input: ChangePasswordInput!) { changePassword(input: $input) { __typename \
        ... on ChangePasswordSuccess { endedCount endedSessions { nodes { id } } user { email } } ... on UserError { code message } \
        ... on InvalidInput { fields { path code } } } }";
    let answer = client.send(query, json!({ "input": { "currentPassword": current, "newPassword": new } })).await;
    if answer["data"]["changePassword"].is_null() { answer } else { answer["data"]["changePassword"].clone() }
}

/// Changes the password while somebody else's login has the account's row, and has opened its session before the change goes on.
async fn change_during_a_login(app: &TestApp, client: &Client) -> Value {
    let open = "BEGIN; SELECT FROM accounts FOR NO KEY UPDATE; \
        INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) \
        SELECT gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-02-01' FROM accounts";
    app.database.operator.batch_execute(open).await.expect("a login");
    let client = client.clone();
    let changing = tokio::spawn(async move { change(&client, PASSWORD, NEW).await });
    let waits = async || {
        // Within a transaction it shows what was there at first.
        app.database.operator.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    };
    until("the change waits", waits).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    changing.await.expect("an answer")
}

async fn login(app: &TestApp, password: &str) -> Value {
    app.anonymous().try_login("ada@example.com", password).await["data"]["login"]["__typename"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_password_holds_and_all_other_sessions_end() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    assert_eq!(phone.is_signed_in().await, Ok(()));
    assert_eq!(
        change(&laptop, PASSWORD, NEW).await,
        json!({ "__typename": "ChangePasswordSuccess", "endedCount": 1,
            "endedSessions": { "nodes": [{ "id": phone.session_id() }] }, "user": { "email": "ada@example.com" } })
    );
    assert_eq!(laptop.is_signed_in().await, Ok(()));
    assert_eq!(laptop.refresh().await.is_signed_in().await, Ok(()));
    assert_eq!(phone.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(login(&app, PASSWORD).await, "InvalidCredentials");
    assert_eq!(login(&app, NEW).await, "LoginSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_done_changes_nothing() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    let long = "x".repeat(5000);
    for wrong in ["", "wrong", &PASSWORD.to_uppercase(), &long] {
        assert_eq!(change(&laptop, wrong, NEW).await["__typename"], "InvalidCredentials");
    }
    let short = change(&laptop, PASSWORD, "short").await;
    assert_eq!(short["fields"], json!([{ "path": ["input", "newPassword"], "code": "TOO_SHORT" }]), "{short}");
    assert_eq!(change(&laptop, PASSWORD, &"ab ".repeat(100)).await["fields"][0]["code"], "TOO_LONG");
    assert_eq!(change(&laptop, PASSWORD, "password1").await["__typename"], "WeakPassword");
    assert_eq!(change(&laptop, PASSWORD, "ada@example.com").await["__typename"], "WeakPassword");
    let anonymous = change(&app.anonymous(), PASSWORD, NEW).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(phone.is_signed_in().await, Ok(()));
    assert_eq!(login(&app, PASSWORD).await, "LoginSuccess");
}

/// A login that has verified the old password when the change begins ends with it, however they interleave.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_opened_with_the_old_password_outlives_the_change() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    for round in 0..20 {
        let (old, new) = if round % 2 == 0 { (PASSWORD, NEW) } else { (NEW, PASSWORD) };
        let client = app.anonymous();
        let logins = (0..4).map(|_| client.try_login("ada@example.com", old));
        let (changed, logins) = tokio::join!(change(&laptop, old, new), futures_util::future::join_all(logins));
        assert_eq!(changed["__typename"], "ChangePasswordSuccess", "{changed}");
        for login in logins {
            if let Some(token) = login["data"]["login"]["tokens"]["accessToken"].as_str() {
                let late = app.anonymous().with_token(token).is_signed_in().await;
                assert_eq!(late, Err("SESSION_REVOKED".into()), "round {round}");
            }
        }
    }
    let living =
        "SELECT count(*) FROM sessions JOIN accounts ON accounts.id = account_id WHERE generation = session_generation";
    assert_eq!(app.database.count(living).await, 1);
}

/// The same, with the login held where it matters: it has the account's row, and the change waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waits_for_a_login_ends_its_session() {
    let app = TestApp::start().await;
    let laptop = app.registered("ada@example.com").await;
    let answer = change_during_a_login(&app, &laptop).await;
    assert_eq!(answer["endedCount"], 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let third = "a third horse of another colour";
    let (one, two) = tokio::join!(change(&ada, PASSWORD, NEW), change(&ada, PASSWORD, third));
    let mut outcomes = [one["__typename"].clone(), two["__typename"].clone()];
    outcomes.sort_by_key(ToString::to_string);
    assert_eq!(outcomes, ["ChangePasswordSuccess", "InvalidCredentials"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_during_the_change_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    app.database.operator.batch_execute("BEGIN; UPDATE sessions SET revoked_at = now()").await.expect("a change");
    let client = ada.clone();
    let changing = tokio::spawn(async move { change(&client, PASSWORD, NEW).await });
    until("the change waits", async || app.database.count(BLOCKED).await > 0).await;
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    let answer = changing.await.expect("an answer");
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "SESSION_REVOKED", "{answer}");
    assert_eq!(login(&app, PASSWORD).await, "LoginSuccess");
}

/// The statements need the isolation that they are written for, whatever the database's default is.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_another_default_isolation_makes_no_difference() {
    let database = crate::support::database::TestDatabase::new().await;
    let url = format!("{}%20-c%20default_transaction_isolation%3Dserializable", database.url);
    let app = TestApp::on(database, &url, &[]).await;
    let laptop = app.registered("ada@example.com").await;
    let answers = futures_util::future::join_all((0..20).map(|_| laptop.try_refresh(laptop.refresh_token()))).await;
    assert!(answers.iter().all(|answer| answer["__typename"] == "RefreshTokenSuccess"), "{answers:?}");
    let answer = change_during_a_login(&app, &laptop).await;
    assert_eq!(answer["endedCount"], 1, "{answer}");
}
