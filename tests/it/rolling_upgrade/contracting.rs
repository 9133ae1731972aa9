//! When the database is contracted.

use portcullis::db::Target;
use portcullis::db::embedded::Embedded;
use portcullis::db::migrations::{self, Extent};

use super::{PASSWORD, schema};
use crate::support::TestApp;
use crate::support::app::{LOCKS, SECRET};
use crate::support::cluster::{options, watched_dir};
use crate::support::database::connect;
use crate::support::process::{Server, run};

const COLUMN: &str = "SELECT count(*) FROM information_schema.columns \
    WHERE table_schema = current_schema AND table_name = 'accounts' AND column_name = 'password_hash'";

#[tokio::test(flavor = "multi_thread")]
async fn a_start_beside_others_expands_and_contracts_only_when_told() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    schema::of_the_release_before(&app).await;
    let environment = [("DATABASE_URL", app.database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let off = [&environment[..], &[("PORTCULLIS_MIGRATE", "off")]].concat();
    let (status, _, errors) = run(&[], &off);
    assert!(!status.success() && errors.contains("portcullis migrate") && !errors.contains("_contract"), "{errors}");

    let server = Server::start(&environment);
    assert_eq!(server.client().login_type("ada@example.com", PASSWORD).await, "LoginSuccess");
    assert_eq!(app.database.count(COLUMN).await, 1, "an instance of the release before may need it");
    let (status, said, errors) = run(&["migrate"], &environment);
    assert!(status.success() && said.contains("portcullis migrate --contract"), "{said}{errors}");
    assert_eq!(app.database.count(COLUMN).await, 1);
    // What only contracts is no reason not to start.
    let other = Server::start(&off);
    assert_eq!(other.client().login_type("ada@example.com", PASSWORD).await, "LoginSuccess");
    let log = other.stop();
    let told: Vec<_> = log.lines().filter(|line| line.contains("migrate --contract")).collect();
    assert!(matches!(told[..], [line] if line.contains("INFO")), "{log}");

    let (status, said, errors) = run(&["migrate", "--contract"], &environment);
    assert!(status.success() && said.lines().count() == schema::contracting(), "{said}{errors}");
    assert_eq!(app.database.count(COLUMN).await, 0);
    assert_eq!(server.client().login_type("ada@example.com", PASSWORD).await, "LoginSuccess", "it goes on");
    let log = server.stop();
    assert_eq!(log.matches("migrate --contract").count(), 1, "{log}");
    let log = Server::start(&environment).stop();
    assert!(!log.contains("--contract"), "{log}");
    let (status, said, _) = run(&["migrate"], &environment);
    assert!(status.success() && said == "The database is up to date.\n", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_has_the_database_to_itself_contracts() {
    let dir = watched_dir("contracting");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let target: Target = database.url().parse().expect("a URL");
    assert!(
        migrations::run(&target, Extent::Expanding, LOCKS).await.expect("migrations").left.is_empty(),
        "a new database"
    );
    let operator = connect(database.url()).await;
    operator.batch_execute(&schema::text("_contract", "down.sql")).await.expect("a way back");
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261128000052'";
    assert_eq!(operator.execute(forget, &[]).await.expect("a row"), 1);
    drop(operator);
    database.stop().await.expect("a stop");
    let server = Server::private(&dir);
    server.client().register("ada@example.com").await;
    let (status, said, errors) = run(&["migrate"], &[("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))]);
    assert!(status.success() && said == "The database is up to date.\n", "{said}{errors}");
    server.stop();
}
