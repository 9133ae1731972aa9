//! Deleting an account.

use std::collections::HashSet;
use std::time::Duration;

use portcullis::use_cases::accounts::{Restored, delete, restore, set_enabled};
use portcullis::use_cases::record_endings::record_endings;
use portcullis::use_cases::remove_accounts::remove_accounts;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::database::BLOCKED;
use crate::support::{Client, PASSWORD, SignedIn, TestApp, until};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn delete_account(client: &Client, password: &str) -> Value {
    let query = "mutation Delete($input: DeleteAccountInput!) { deleteAccount(input: $input) { __typename \
        ... on DeleteAccountSuccess { deletedAt keptUntil } ... on UserError { code } ... on RateLimited { retryAfter } } }";
    let answer = client.send(query, json!({ "input": { "password": password } })).await;
    if answer["data"]["deleteAccount"].is_null() { answer } else { answer["data"]["deleteAccount"].clone() }
}

async fn removed(app: &TestApp) -> u64 {
    remove_accounts(&app.app, &mut HashSet::new()).await.expect("a database")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_signed_in_nowhere_and_its_names_are_free() {
    let app = TestApp::start().await;
    let input = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD });
    app.anonymous().try_register(input.clone()).await;
    let (laptop, phone) = (app.anonymous().login("ada").await, app.anonymous().login("ada").await);
    let peer = app.peer(&[]).await;
    for client in [&laptop, &phone, &peer.visited_by(&phone)] {
        assert_eq!(client.is_signed_in().await, Ok(()));
    }
    let answer = delete_account(&laptop, PASSWORD).await;
    let expected =
        json!({ "__typename": "DeleteAccountSuccess", "deletedAt": "2026-01-01T00:00:00Z", "keptUntil": null });
    assert_eq!(answer, expected);
    for client in [&laptop, &phone] {
        assert_eq!(client.is_signed_in().await, Err("SESSION_REVOKED".into()));
        assert_eq!(client.try_refresh(client.refresh_token()).await["reason"], "REVOKED");
    }
    let there = peer.visited_by(&phone);
    until("the other instance knows", async || there.is_signed_in().await.is_err()).await;
    for name in ["ada", "ada@example.com"] {
        assert_eq!(app.anonymous().login_type(name, PASSWORD).await, "InvalidCredentials");
    }
    let told = "SELECT count(*) FROM revocations WHERE account_id IS NOT NULL AND generation = 1";
    assert_eq!(app.database.count(told).await, 1);
    let again = app.anonymous().try_register(input).await;
    assert_eq!(again["data"]["register"]["__typename"], "RegisterSuccess", "{again}");
    assert_ne!(again["data"]["register"]["user"]["id"], laptop.user_id());
    assert_eq!(removed(&app).await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
    assert_eq!(laptop.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(laptop.try_refresh(laptop.refresh_token()).await["reason"], "REVOKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_password_deletes_the_account_and_tries_are_limited() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-login=3/10m"]).await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    let long = "x".repeat(5000);
    for wrong in ["", &PASSWORD.to_uppercase(), &long] {
        assert_eq!(delete_account(&ada, wrong).await["__typename"], "InvalidCredentials");
    }
    let limited = delete_account(&ada, PASSWORD).await;
    assert!(limited["__typename"] == "RateLimited" && limited["retryAfter"].is_i64(), "{limited}");
    let anonymous = delete_account(&app.anonymous(), PASSWORD).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let failed = "SELECT count(*) FROM audit_events WHERE kind = 'account_deletion_failed'";
    assert_eq!(app.database.count(failed).await, 3);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts WHERE deleted_at IS NULL").await, 2);
    assert_eq!(delete_account(&eve, PASSWORD).await["__typename"], "DeleteAccountSuccess", "each for itself");
    assert_eq!(ada.is_signed_in().await, Ok(()));
}

/// What is kept of events tells of nobody; of accounts that live, and by hand, they can't be touched.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_deleted_account_lose_address_and_device_and_those_of_others_lose_nothing() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    for _ in 0..3 {
        app.anonymous().login_type("ada@example.com", "a wrong password").await;
    }
    let strip = |email: &str| {
        format!(
            "BEGIN; SELECT set_config('portcullis.strip_account', id::text, true) FROM accounts WHERE email = '{email}'; \
             UPDATE audit_events SET user_agent = NULL, ip_address = NULL, request_id = NULL WHERE account_id = \
             (SELECT id FROM accounts WHERE email = '{email}')"
        )
    };
    assert!(app.database.operator.batch_execute(&strip("ada@example.com")).await.is_err(), "not while it lives");
    app.database.operator.batch_execute("ROLLBACK").await.expect("a connection");
    delete_account(&ada, PASSWORD).await;
    let deleted = ada.user_id();
    for (column, value) in [("kind", "'logged_out'"), ("session_id", "NULL"), ("ip_address", "'192.0.2.1'")] {
        let change = format!(
            "BEGIN; SET LOCAL portcullis.strip_account = '{deleted}'; UPDATE audit_events SET user_agent = NULL, \
             request_id = NULL, ip_address = NULL, {column} = {value} WHERE account_id = '{deleted}'"
        );
        let change = if column == "ip_address" { change.replacen("ip_address = NULL, ", "", 1) } else { change };
        assert!(app.database.operator.batch_execute(&change).await.is_err(), "{column}");
        app.database.operator.batch_execute("ROLLBACK").await.expect("a connection");
    }
    assert_eq!(removed(&app).await, 1);
    let count = |id: &str, telling: &str| {
        format!(
            "SELECT count(*) FROM audit_events WHERE account_id = '{id}' AND coalesce(user_agent, ip_address::text, request_id) {telling}"
        )
    };
    assert_eq!(app.database.count(&count(deleted, "IS NOT NULL")).await, 0);
    assert_eq!(app.database.count(&count(deleted, "IS NULL")).await, 5, "registered, three failures, deleted");
    let eves = eve.user_id();
    assert_eq!(app.database.count(&count(eves, "IS NOT NULL")).await, 1);
    let named = "SELECT (SELECT count(*) FROM accounts WHERE accounts::text LIKE '%ada%') \
        + (SELECT count(*) FROM audit_events WHERE audit_events::text LIKE '%ada@%')";
    assert_eq!(app.database.count(named).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_many_sessions_and_events_is_deleted_at_once_and_removed_in_steps() {
    let app = TestApp::with(&["--database-timeout=5s"]).await;
    let ada = app.registered("ada@example.com").await;
    app.database
        .execute(
            "INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at) SELECT gen_random_uuid(), id, \
             '2026-01-01', '2026-01-01', '2026-01-31' FROM accounts, generate_series(1, 3000)",
        )
        .await;
    app.database
        .execute(
            "INSERT INTO audit_events (id, kind, account_id, occurred_at, ip_address) SELECT portcullis_event_id('2026-01-01'), \
             'logged_in', id, '2026-01-01', '192.0.2.1' FROM accounts, generate_series(1, 1200)",
        )
        .await;
    assert_eq!(delete_account(&ada, PASSWORD).await["__typename"], "DeleteAccountSuccess");
    let other = app.instance(&[]).await;
    let mut stuck = HashSet::new();
    let (one, two) = tokio::join!(record_endings(&app.app), remove_accounts(&other, &mut stuck));
    one.expect("a database");
    let gone = two.expect("a database") + removed(&app).await;
    assert_eq!((gone, app.database.count("SELECT count(*) FROM accounts").await), (1, 0));
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 0);
    assert_eq!(app.database.count("SELECT count(*) FROM session_endings").await, 0);
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events").await, 1202, "no event for each session");
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE ip_address IS NOT NULL").await, 0);
    assert_eq!(app.database.count("SELECT count(*) FROM revocations WHERE session_id IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_account_is_restored_while_its_names_are_free_and_removed_in_the_end() {
    let flags = ["--deleted-accounts-kept=30d"];
    let app = TestApp::with(&flags).await;
    let console = app.console(&flags);
    let ada = app.registered("ada@example.com").await;
    let answer = delete_account(&ada, PASSWORD).await;
    assert_eq!(answer["keptUntil"], "2026-01-31T00:00:00Z", "{answer}");
    assert_eq!(app.anonymous().login_type("ada@example.com", PASSWORD).await, "InvalidCredentials");
    record_endings(&app.app).await.expect("a database");
    app.clock.advance(DAY * 29);
    assert_eq!(removed(&app).await, 0);

    let other = app.registered("ada@example.com").await;
    let taken = restore(&console.operator(), "ada@example.com").await.expect("a database");
    assert!(matches!(taken, Restored::Taken(portcullis::accounts::NameTaken::Email)), "{taken:?}");
    delete_account(&other, PASSWORD).await;
    let id = ada.user_id();
    assert!(matches!(restore(&console.operator(), id).await.expect("a database"), Restored::Done(_)));
    let again = app.anonymous().login("ada@example.com").await;
    assert_eq!(again.user_id(), id);
    assert_eq!(ada.try_refresh(ada.refresh_token()).await["reason"], "REVOKED");
    assert!(
        matches!(restore(&console.operator(), id).await.expect("a database"), Restored::Unknown),
        "it is not deleted"
    );

    app.clock.advance(DAY * 31);
    let late = restore(&console.operator(), other.user_id()).await.expect("a database");
    assert!(matches!(late, Restored::Unknown), "{late:?}");
    assert_eq!(removed(&app).await, 1, "the other one");
    assert!(matches!(restore(&console.operator(), "eve@example.com").await.expect("a database"), Restored::Unknown));
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_deletes_an_account_and_no_command_brings_it_in_again_unrestored() {
    let flags = ["--deleted-accounts-kept=30d"];
    let app = TestApp::with(&flags).await;
    let console = app.console(&flags);
    let ada = app.registered("ada@example.com").await;
    app.clock.advance(DAY / 24);
    set_enabled(&console.operator(), "ada@example.com", false).await.expect("a database");
    app.clock.advance(DAY / 24);
    let id = delete(&console.operator(), "Ada@Example.com").await.expect("a database").expect("an account");
    assert_eq!(ada.user_id(), id.to_string());
    assert!(delete(&console.operator(), &id.to_string()).await.expect("a database").is_none(), "once");
    let enabled = set_enabled(&console.operator(), &id.to_string(), true).await.expect("a database");
    assert!(matches!(enabled, portcullis::use_cases::accounts::Switched::Unknown), "{enabled:?}");
    assert!(matches!(restore(&console.operator(), &id.to_string()).await.expect("a database"), Restored::Done(_)));
    assert_eq!(app.anonymous().login_type("ada@example.com", PASSWORD).await, "InvalidCredentials", "as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_no_cookie_of_a_deleted_account() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let mut browser = Browser::new(app.anonymous());
    let answer = browser.register("ada@example.com").await;
    let token = answer.body["data"]["register"]["tokens"]["accessToken"].as_str().expect("a token").to_owned();
    browser.client = browser.client.with_token(&token);
    let query = format!("mutation {{ deleteAccount(input: {{ password: \"{PASSWORD}\" }}) {{ __typename }} }}");
    let wrong = browser.send(&query.replace(PASSWORD, "a wrong password"), Value::Null).await;
    assert_eq!(wrong.body["data"]["deleteAccount"]["__typename"], "InvalidCredentials");
    assert!(browser.cookie.is_some());
    let answer = browser.send(&query, Value::Null).await;
    assert_eq!(answer.body["data"]["deleteAccount"]["__typename"], "DeleteAccountSuccess", "{answer:?}");
    assert_eq!(browser.cookie, None);
    assert!(browser.device.is_some_and(|cookie| cookie.contains("Max-Age=0")));
}

/// An address that stands in for one that is free can't be taken by anybody.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_another_from_deleting_the_account() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let id = ada.user_id();
    let stand_in = format!("deleted {id}");
    for email in [stand_in.clone(), format!("{stand_in}@example.com"), format!("deleted%20{id}")] {
        let answer = app.anonymous().try_register(json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer["data"]["register"]["__typename"], "InvalidInput", "{answer}");
    }
    assert_eq!(delete_account(&ada, PASSWORD).await["__typename"], "DeleteAccountSuccess");
    assert_eq!(app.anonymous().login_type(&stand_in, "").await, "InvalidCredentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deletion_and_whatever_happens_at_once_the_deletion_wins() {
    let app = TestApp::start().await;
    for round in 0..6 {
        let email = format!("ada{round}@example.com");
        let ada = app.registered(&email).await;
        let change = "mutation($p: String!, $n: String!) { changePassword(input: { currentPassword: $p, newPassword: $n }) { __typename } }";
        let anonymous = app.anonymous();
        let (deleted, twice, login, refreshed, _changed) = tokio::join!(
            delete_account(&ada, PASSWORD),
            delete_account(&ada, PASSWORD),
            anonymous.try_login(&email, PASSWORD),
            ada.try_refresh(ada.refresh_token()),
            ada.send(change, json!({ "p": PASSWORD, "n": format!("{PASSWORD} too") })),
        );
        let done = [&deleted, &twice].iter().filter(|answer| answer["__typename"] == "DeleteAccountSuccess").count();
        let living = "SELECT count(*) FROM accounts WHERE deleted_at IS NULL";
        if done == 0 {
            // The change of the password came first, and the one given was the password no more.
            assert_eq!(app.database.count(living).await, 1, "{deleted} {twice}");
            app.database.execute("DELETE FROM accounts WHERE deleted_at IS NULL").await;
            continue;
        }
        assert_eq!((done, app.database.count(living).await), (1, 0), "{deleted} {twice}");
        for answer in [&login["data"]["login"], &refreshed] {
            if let Some(token) = answer["tokens"]["accessToken"].as_str() {
                let late = app.anonymous().with_token(token).is_signed_in().await;
                assert_eq!(late, Err("SESSION_REVOKED".into()), "{answer}");
            }
        }
    }
}

/// The address is given to the one who registers it as soon as it is free, and not before.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_of_the_address_waits_for_the_deletion() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let free = "BEGIN; UPDATE accounts SET email = 'deleted ' || id, disabled_at = now(), deleted_at = now()";
    app.database.operator.batch_execute(free).await.expect("a deletion");
    let anonymous = app.anonymous();
    let input = json!({ "email": "ada@example.com", "password": PASSWORD });
    assert_eq!(anonymous.try_register(input.clone()).await["data"]["register"]["__typename"], "EmailTaken");
    app.database.operator.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(anonymous.try_register(input).await["data"]["register"]["__typename"], "RegisterSuccess");
}

/// A try that was under way is written down as one at an account that does not exist: nothing of it comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_fails_after_the_deletion_leaves_no_trace_of_the_account() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let fail = async |client: Client| client.login_type("ada@example.com", "a wrong password").await;
    assert_eq!(fail(app.anonymous()).await, "InvalidCredentials");
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM limits FOR UPDATE").await.expect("a lock");
    let login = tokio::spawn(fail(app.anonymous()));
    until("the event waits for a bucket", async || app.database.count(WAITING).await > 0).await;
    assert_eq!(delete_account(&ada, PASSWORD).await["__typename"], "DeleteAccountSuccess");
    assert_eq!(removed(&app).await, 1);
    holder.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(login.await.expect("an answer"), "InvalidCredentials");
    assert_eq!(app.database.count(&telling(&ada)).await, 0);
    let nobodys = "SELECT count(*) FROM audit_events WHERE account_id IS NULL AND kind = 'login_failed'";
    assert_eq!(app.database.count(nobodys).await, 1);
}

/// An event that is being written when its account is deleted is one of those that are stripped.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_removed_before_the_events_that_are_being_written() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let hold = "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN PERFORM pg_advisory_xact_lock(20260101); RETURN NEW; END $$; \
        CREATE TRIGGER hold BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.kind = 'login_failed') \
        EXECUTE FUNCTION hold(); SELECT pg_advisory_lock(20260101)";
    app.database.operator.batch_execute(hold).await.expect("a lock");
    let anonymous = app.anonymous();
    let login = tokio::spawn(async move { anonymous.login_type("ada@example.com", "a wrong password").await });
    until("the event waits", async || app.database.count(BLOCKED).await > 0).await;
    assert_eq!(delete_account(&ada, PASSWORD).await["__typename"], "DeleteAccountSuccess");
    assert_eq!(removed(&app).await, 0);
    app.database.operator.batch_execute("SELECT pg_advisory_unlock(20260101)").await.expect("a lock");
    assert_eq!(login.await.expect("an answer"), "InvalidCredentials");
    assert_eq!((removed(&app).await, app.database.count(&telling(&ada)).await), (1, 0));
    assert_eq!(app.database.count("SELECT count(*) FROM audit_events WHERE kind = 'login_failed'").await, 1);
}

/// How many events of the account tell of its owner.
fn telling(client: &SignedIn) -> String {
    let id = client.user_id();
    format!("SELECT count(*) FROM audit_events WHERE account_id = '{id}' AND ip_address IS NOT NULL")
}

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE pg_blocking_pids(pid) <> '{}' \
    AND query LIKE '%audit_events%' AND datname = current_database()";

/// Whoever may change accounts can set and clear `deleted_at`; events can't be taken back.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_account_that_only_looks_deleted_lose_nothing() {
    let flags = ["--deleted-accounts-kept=30d"];
    let app = TestApp::with(&flags).await;
    let console = app.console(&flags);
    let ada = app.registered("ada@example.com").await;
    let strip = "BEGIN; UPDATE accounts SET deleted_at = now(); \
        SELECT set_config('portcullis.strip_account', id::text, true) FROM accounts; \
        UPDATE audit_events SET user_agent = NULL, ip_address = NULL, request_id = NULL";
    let is_stripped = async || {
        let done = app.database.operator.batch_execute(strip).await;
        app.database.operator.batch_execute("ROLLBACK").await.expect("a connection");
        done.is_ok()
    };
    assert!(!is_stripped().await, "it was never deleted");
    delete_account(&ada, PASSWORD).await;
    assert!(is_stripped().await);
    assert!(matches!(restore(&console.operator(), "ada@example.com").await.expect("a database"), Restored::Done(_)));
    assert!(!is_stripped().await, "it was restored");
    delete(&console.operator(), "ada@example.com").await.expect("a database").expect("an account");
    assert!(is_stripped().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_can_not_be_removed_keeps_no_other() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    let orders = "CREATE TABLE orders (account_id uuid REFERENCES accounts (id)); \
        INSERT INTO orders SELECT id FROM accounts WHERE email LIKE 'ada%'";
    app.database.operator.batch_execute(orders).await.expect("a table");
    for client in [&ada, &eve] {
        delete_account(client, PASSWORD).await;
        app.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(removed(&app).await, 1);
    assert_eq!(app.database.count(&telling(&ada)).await, 0, "of this one only the row is left");
    app.database.execute("DELETE FROM orders").await;
    assert_eq!(removed(&app).await, 1);
}

/// The row of the account is locked first by everybody, so nobody waits in a circle.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_removes_an_account_whose_owner_ends_sessions() {
    let app = TestApp::start().await;
    for query in [
        "mutation { revokeOtherSessions { __typename } }".to_owned(),
        "mutation($id: ID!) { revokeSession(input: { id: $id }) { __typename } }".to_owned(),
        format!("mutation {{ deleteAccount(input: {{ password: \"{PASSWORD}\" }}) {{ __typename }} }}"),
        format!(
            "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{PASSWORD} too\" }}) \
             {{ __typename }} }}"
        ),
    ] {
        let ada = app.registered("ada@example.com").await;
        let other = app.anonymous().login("ada@example.com").await;
        app.database.operator.batch_execute("BEGIN; SELECT FROM accounts FOR UPDATE").await.expect("a lock");
        let id = other.session_id().to_owned();
        let asked = tokio::spawn(async move { ada.send(&query, json!({ "id": id })).await });
        until("it waits", async || app.database.count(BLOCKED).await > 0).await;
        app.database.operator.batch_execute("DELETE FROM accounts; COMMIT").await.expect("a removal");
        let answer = asked.await.expect("an answer");
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert!(matches!(code, None | Some("UNAUTHENTICATED")), "{answer}");
    }
}
