//! Changes of rows by a role that is not the server's.

use crate::second_step::{ADA, login, with_factor};
use crate::support::{PASSWORD, TestApp};
use crate::totp::kind;

/// What docs/operating/by-hand.md names, beside the rights to what is changed.
const NEEDED: [&str; 4] =
    ["SELECT ON accounts", "SELECT ON session_endings", "INSERT ON session_endings", "INSERT ON revocations"];

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_changes_rows_needs_what_the_triggers_use_and_no_more() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    app.registered("eve@example.com").await;
    let schema: String =
        app.database.operator.query_one("SELECT current_schema()::text", &[]).await.expect("a row").get(0);
    let role = format!("{schema}_clerk");
    let sql = async |text: String| app.database.operator.batch_execute(&text).await;
    let make = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {schema} TO {role}; \
         GRANT UPDATE, DELETE ON accounts TO {role}; GRANT SELECT, UPDATE, DELETE ON sessions TO {role}"
    );
    sql(make).await.expect("a role");
    let changes = "UPDATE sessions SET revoked_at = now() WHERE id = (SELECT min(id::text)::uuid FROM sessions); \
        UPDATE accounts SET session_generation = session_generation + 1 WHERE email LIKE 'ada%'; \
        UPDATE accounts SET disabled_at = now() WHERE email LIKE 'eve%'; DELETE FROM sessions WHERE revoked_at IS NULL; \
        DELETE FROM accounts WHERE email LIKE 'eve%'";
    let change = async || {
        let done = sql(format!("BEGIN; SET LOCAL ROLE {role}; {changes}")).await;
        sql("ROLLBACK".into()).await.expect("a connection");
        done
    };
    for right in NEEDED {
        sql(format!("GRANT {right} TO {role}")).await.expect("a right");
    }
    change().await.expect("these rights are enough");
    for right in NEEDED {
        sql(format!("REVOKE {right} FROM {role}")).await.expect("a right");
        assert!(change().await.is_err(), "{right}");
        sql(format!("GRANT {right} TO {role}")).await.expect("a right");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_factors_can_be_removed_where_no_mails_can_be_sent() {
    let app = TestApp::start().await;
    with_factor(&app).await;
    let page = include_str!("../../docs/operating/by-hand.md");
    let row = page.lines().find(|line| line.contains("portcullis_remove_factors")).expect("a row");
    let statement = row.split('`').nth(1).expect("a statement").replace("...", &format!("email = '{ADA}'"));
    app.database.operator.batch_execute(&statement).await.expect("a statement");
    let left = "SELECT (SELECT count(*) FROM totps) + (SELECT count(*) FROM recovery_codes)";
    assert_eq!(app.database.count(left).await, 0);
    assert_eq!(kind(&login(&app.anonymous(), PASSWORD).await), "LoginSuccess");
}
