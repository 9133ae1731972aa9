//! Both releases at the same account, and migrations while the release before writes.

use super::instance::Instance;
use super::{OTHER, PASSWORD, change, differ, hash, hash_of_other, ids, login, schema};
use crate::support::database::BLOCKED;
use crate::support::{TestApp, until};

const THIRD: &str = "a third password for the horse";

/// The release before changes the password while this one does, and is first.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_the_release_before_wins_against_one_of_this_release_that_waits_for_it() {
    let app = TestApp::start().await;
    schema::expanded(&app).await;
    let ada = app.registered("ada@example.com").await;
    let (of_all, other) = (hash(&app, "ada@example.com").await, hash_of_other(&app).await);
    let before = Instance::of(&app).await;
    let (account, by) = ids(&ada);
    before.rows("BEGIN").await;
    assert_eq!(before.change_password(account, by, &of_all, &other).await, (true, true));
    let changing = tokio::spawn({
        let ada = ada.clone();
        async move { change(&ada, PASSWORD, THIRD).await }
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 AND query LIKE '%passwords%'";
    until("the change of this release waits", async || app.database.count(waits).await > 0).await;
    before.rows("COMMIT").await;
    assert_eq!(changing.await.expect("an answer"), "InvalidCredentials");
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "LoginSuccess");
    assert_eq!(differ(&app).await, 0);
}

/// And the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_this_release_wins_against_one_of_the_release_before_that_waits_for_it() {
    let app = TestApp::start().await;
    schema::expanded(&app).await;
    let ada = app.registered("ada@example.com").await;
    let (of_all, other) = (hash(&app, "ada@example.com").await, hash_of_other(&app).await);
    let (before, (account, by)) = (Instance::of(&app).await, ids(&ada));
    let this = &app.database.operator;
    let change = include_str!("../../../src/sessions/store/change_password.sql");
    let types = "uuid, uuid, timestamptz, timestamptz, text, text, text, inet, text";
    this.batch_execute(&format!("PREPARE this ({types}) AS {change}")).await.expect("a statement");
    let times = "'2026-01-01', '2025-12-01'";
    this.batch_execute(&format!(
        "BEGIN; EXECUTE this('{account}', '{by}', {times}, '{of_all}', '{other}', NULL, NULL, NULL)"
    ))
    .await
    .expect("a change");
    let changing = tokio::spawn(async move { before.change_password(account, by, &of_all, "a third").await });
    let waits = async || {
        this.batch_execute("SELECT pg_stat_clear_snapshot()").await.expect("a fresh look");
        app.database.count(BLOCKED).await > 0
    };
    until("the change of the release before waits", waits).await;
    this.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(changing.await.expect("an answer"), (false, false));
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "LoginSuccess");
    assert_eq!(differ(&app).await, 0);
}

/// The table is filled without a lock; what is written meanwhile is taken over under one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_the_passwords_are_copied_is_not_lost() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (of_all, other) = (hash(&app, "ada@example.com").await, hash_of_other(&app).await);
    for name in ["bob", "cyd"] {
        app.registered(&format!("{name}@example.com")).await;
    }
    schema::of_the_release_before(&app).await;
    let before = Instance::of(&app).await;
    let up = schema::text("_passwords", "up.sql");
    let (fill, take_over) = up.split_at(up.find("LOCK TABLE accounts").expect("a lock"));
    let migrating = app.database.another().await;
    migrating.batch_execute(&format!("BEGIN; {fill}")).await.expect("a copy");
    let (account, by) = ids(&ada);
    assert_eq!(before.change_password(account, by, &of_all, &other).await, (true, true));
    let (dan, _) = before.register("dan@example.com", &of_all).await;
    let bob = before.find("bob@example.com").await.expect("an account").account;
    before.delete(bob, 0).await;
    app.database.execute("DELETE FROM accounts WHERE email = 'cyd@example.com'").await;
    migrating.batch_execute(&format!("{take_over}; COMMIT")).await.expect("a migration");
    let others =
        "SELECT count(*) FROM passwords p JOIN accounts a ON a.id = p.account_id WHERE a.password_hash <> p.hash";
    assert_eq!(app.database.count(others).await, 0);
    let kept =
        async |id| app.database.count(&format!("SELECT count(*) FROM passwords WHERE account_id = '{id}'")).await;
    assert_eq!((kept(account).await, kept(dan).await, kept(bob).await), (1, 1, 0));
    for later in schema::texts_after("_passwords") {
        app.database.operator.batch_execute(&later).await.expect("a migration");
    }
    let orphans = "SELECT count(*) FROM passwords WHERE account_id NOT IN (SELECT id FROM accounts)";
    assert_eq!(app.database.count(orphans).await, 0, "cyd's was removed with what contracts");
    let validated = "SELECT count(*) FROM pg_constraint WHERE conname = 'passwords_account_id_fkey' AND convalidated \
        AND connamespace = current_schema::regnamespace";
    assert_eq!(app.database.count(validated).await, 1);
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "LoginSuccess");
    assert_eq!(login(&app, "dan@example.com", PASSWORD).await, "LoginSuccess");
}
