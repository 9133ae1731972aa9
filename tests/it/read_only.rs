//! A database that answers and takes no changes.

use std::fs;

use portcullis::db::embedded::Embedded;
use serde_json::Value;

use crate::support::app::SECRET;
use crate::support::cluster::{open_to_superusers, options, watched_dir};
use crate::support::database::{TestDatabase, as_superuser, connect};
use crate::support::process::{Server, run};
use crate::support::{Client, PASSWORD, SignedIn, TestApp, until};

async fn readiness(url: &str) -> (u16, String) {
    let answer = Client::new(url.to_owned()).http.get(url).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

async fn is_ready(app: &TestApp) -> bool {
    readiness(&app.url("/health/ready")).await == (200, "ready\n".to_owned())
}

async fn is_read_only(app: &TestApp) -> bool {
    readiness(&app.url("/health/ready")).await == (503, "database read-only\n".to_owned())
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Operations that have to change something.
async fn nobody_can_sign_in(app: &TestApp, ada: &SignedIn) {
    let refresh =
        format!("mutation {{ refreshToken(input: {{ refreshToken: \"{}\" }}) {{ __typename }} }}", ada.refresh_token());
    assert_eq!(code(&app.anonymous().try_login("ada@example.com", PASSWORD).await), "SERVICE_UNAVAILABLE");
    assert_eq!(code(&app.anonymous().send(&refresh, Value::Null).await), "SERVICE_UNAVAILABLE");
    assert_eq!(code(&ada.send("mutation { logout { ended } }", Value::Null).await), "SERVICE_UNAVAILABLE");
    let new = serde_json::json!({ "email": "eve@example.com", "password": PASSWORD });
    assert_eq!(code(&app.anonymous().try_register(new).await), "SERVICE_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_change_nothing_is_not_ready_until_it_may_again() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &["--session-cache=0"]).await;
    let ada = app.registered("ada@example.com").await;
    assert!(is_ready(&app).await);
    let role = app.database.role().to_owned();
    let set = async |setting: &str| {
        let statement = format!("ALTER ROLE {role} {setting}");
        app.database.operator.batch_execute(&statement).await.expect("a setting");
    };
    // A setting of the role counts for new connections, and for as long as they live: as with a server that was demoted.
    set("SET default_transaction_read_only = on").await;
    let end = format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'");
    app.database.count(&end).await;
    until("it is not ready", async || is_read_only(&app).await).await;
    nobody_can_sign_in(&app, &ada).await;
    assert!(is_read_only(&app).await);

    set("RESET default_transaction_read_only").await;
    until("it is ready again", async || is_ready(&app).await).await;
    app.anonymous().login("ada@example.com").await;
    assert!(ada.logout().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refusal_closes_all_connections_to_a_server_that_was_demoted() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &["--session-cache=0", "--database-pool-size=6"]).await;
    let ada = app.registered("ada@example.com").await;
    let role = app.database.role().to_owned();
    let sql = async |sql: String| app.database.operator.batch_execute(&sql).await.expect("a statement");
    sql(format!("ALTER ROLE {role} SET default_transaction_read_only = on")).await;
    let end = format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'");
    app.database.count(&end).await;
    // Reading works, on several connections that stay.
    until("reading works", async || {
        let answers = futures_util::future::join_all((0..12).map(|_| ada.me())).await;
        answers.iter().all(|answer| answer["errors"].is_null())
    })
    .await;
    sql(format!("ALTER ROLE {role} RESET default_transaction_read_only")).await;
    let mut refused = 0;
    for _ in 0..8 {
        let login = app.anonymous().try_login("ada@example.com", PASSWORD).await;
        refused += usize::from(!login["errors"].is_null());
    }
    assert!(refused <= 1, "each of the old connections refused one: {refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_not_ready_until_it_is_promoted() {
    let dir = watched_dir("standby");
    let mut options = options(&dir);
    options.settings.push(open_to_superusers(&dir));
    let primary = Embedded::start(options.clone()).await.expect("PostgreSQL");
    let database = TestDatabase::operated_on(primary.url()).await;
    let (url, as_superuser) = (database.url.clone(), as_superuser(primary.url()));
    let app = TestApp::on(database, &url, &["--database-timeout=5s", "--session-cache=0"]).await;
    let ada = app.registered("ada@example.com").await;
    assert!(is_ready(&app).await);

    primary.stop().await.expect("a stop");
    fs::write(dir.join("postgres/standby.signal"), "").expect("a file");
    // If it were started as a private one, it would count as ready when it is promoted.
    let standby = tokio::spawn(Embedded::start(options));
    until("it is not ready", async || is_read_only(&app).await).await;
    nobody_can_sign_in(&app, &ada).await;
    let secret = [("DATABASE_URL", url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let (status, _, errors) = run(&[], &[&secret[..], &[("PORTCULLIS_MIGRATE", "off")]].concat());
    assert!(!status.success() && errors.contains("takes no changes"), "{errors}");

    let operator = connect(&as_superuser).await;
    operator.batch_execute("SELECT pg_promote()").await.expect("a promotion");
    until("it is ready again", async || is_ready(&app).await).await;
    app.anonymous().login("ada@example.com").await;
    standby.await.expect("a task").expect("PostgreSQL").stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_read_only_database_says_so() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let role = database.role().to_owned();
    let set = async |setting: &str| {
        let statement = format!("ALTER ROLE {role} {setting}");
        database.operator.batch_execute(&statement).await.expect("a setting");
    };
    let environment = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let off = [&environment[..], &[("PORTCULLIS_MIGRATE", "off")]].concat();
    set("SET default_transaction_read_only = on").await;
    for arguments in [&["serve"], &["migrate"]] {
        let (status, _, errors) = run(arguments, &environment);
        assert!(!status.success() && errors.contains("takes no changes") && errors.contains("standby"), "{errors}");
    }
    set("RESET default_transaction_read_only").await;
    Server::start(&environment).stop();
    set("SET default_transaction_read_only = on").await;
    for environment in [&environment[..], &off] {
        let (status, _, errors) = run(&["serve"], environment);
        assert!(!status.success() && errors.contains("takes no changes"), "{errors}");
    }
    // One of several servers may be promoted at any moment, so the start waits for that.
    let url = format!("{}&target_session_attrs=read-write", database.url);
    let several = [("DATABASE_URL", url.as_str()), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_DATABASE_WAIT", "1s")];
    let (status, _, errors) = run(&["serve"], &several);
    assert!(!status.success() && errors.contains("waiting for the database"), "{errors}");
    assert!(errors.contains("does not allow writes"), "{errors}");
    // Commands that only read are permitted.
    let (status, out, errors) = run(&["keys", "list"], &environment);
    assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
}
