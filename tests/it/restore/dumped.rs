//! Sessions and accounts in a database that was restored from a dump.

use serde_json::json;

use super::{ADA, Dump, server};
use crate::support::{Client, PASSWORD, SignedIn, TestApp};

const NEW: &str = "another staple for the horse";

/// The same access token at another server.
fn at(app: &TestApp, session: &SignedIn) -> Client {
    app.anonymous().with_token(session.access_token())
}

async fn refreshed(app: &TestApp, token: &str) -> String {
    let answer = app.anonymous().try_refresh(token).await;
    let outcome = if answer["reason"].is_null() { &answer["__typename"] } else { &answer["reason"] };
    outcome.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_after_the_backup_live_again_and_later_ones_are_gone() {
    let app = server().await;
    let stays = app.registered(ADA).await;
    let ended = app.anonymous().login(ADA).await;
    let dump = Dump::of(&app.database).await;
    assert!(ended.logout().await);
    let late = app.anonymous().login(ADA).await;
    let eve = app.registered("eve@example.com").await;

    let after = dump.served(&app.clock).await;
    assert_eq!(at(&after, &stays).is_signed_in().await, Ok(()));
    assert_eq!(at(&after, &ended).is_signed_in().await, Ok(()), "it lives again");
    assert_eq!(refreshed(&after, ended.refresh_token()).await, "RefreshTokenSuccess");
    for gone in [&late, &eve] {
        assert_eq!(at(&after, gone).is_signed_in().await, Err("SESSION_REVOKED".into()));
        assert_eq!(refreshed(&after, gone.refresh_token()).await, "REVOKED");
    }
    assert_eq!(after.anonymous().login_type("eve@example.com", PASSWORD).await, "InvalidCredentials");
    after.registered("eve@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_that_are_newer_than_the_backup_are_good_and_replaced_ones_are_until_then() {
    let app = server().await;
    let first = app.registered(ADA).await;
    let second = first.refresh().await;
    let dump = Dump::of(&app.database).await;
    let third = second.refresh().await;
    let fourth = third.refresh().await;

    let after = dump.served(&app.clock).await;
    assert_eq!(refreshed(&after, third.refresh_token()).await, "RefreshTokenSuccess", "though it had been replaced");
    assert_eq!(refreshed(&after, fourth.refresh_token()).await, "RefreshTokenSuccess");
    assert_eq!(refreshed(&after, first.refresh_token()).await, "REUSED", "a thief is still caught");
    assert_eq!(refreshed(&after, fourth.refresh_token()).await, "REVOKED");

    let after = dump.served(&app.clock).await;
    assert_eq!(refreshed(&after, fourth.refresh_token()).await, "RefreshTokenSuccess");
    assert_eq!(at(&after, &first).is_signed_in().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_of_accounts_is_undone() {
    let app = server().await;
    let ada = app.registered(ADA).await;
    for email in ["disabled@example.com", "deleted@example.com", "admin@example.com"] {
        app.registered(email).await;
    }
    app.database.execute("UPDATE accounts SET roles = '{admin}' WHERE email LIKE 'admin%'").await;
    let dump = Dump::of(&app.database).await;
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    let changed = ada.send(query, json!({ "i": { "currentPassword": PASSWORD, "newPassword": NEW } })).await;
    assert_eq!(changed["data"]["changePassword"]["__typename"], "ChangePasswordSuccess", "{changed}");
    app.database.execute("UPDATE accounts SET disabled_at = now() WHERE email LIKE 'disabled%'").await;
    app.database.execute("UPDATE accounts SET roles = '{}' WHERE email LIKE 'admin%'").await;
    app.database.execute("DELETE FROM accounts WHERE email LIKE 'deleted%'").await;

    let after = dump.served(&app.clock).await;
    assert_eq!(after.anonymous().login_type(ADA, NEW).await, "InvalidCredentials");
    for email in [ADA, "disabled@example.com", "deleted@example.com"] {
        assert_eq!(after.anonymous().login_type(email, PASSWORD).await, "LoginSuccess", "{email}");
    }
    assert_eq!(after.anonymous().login("admin@example.com").await.user()["roles"], json!(["admin"]));
}
