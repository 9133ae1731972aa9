//! Settings: all are documented, all faults are told at once, and a server that can't be sound does not start.

use crate::support::app::{SECRET, settings};
use crate::support::database::TestDatabase;
use crate::support::events::Events;
use crate::support::process::{Server, run};

mod each;
mod file;
mod file_faults;
mod file_secrets;
mod passkeys;
mod second_factors;

#[test]
fn a_direct_way_needs_a_database_to_lead_to() {
    let direct = "--database-direct-url=postgres://ada:hunter2@db/x";
    let faults = settings(&[direct, "--data-dir=/x"]).check().expect_err("a fault").to_string();
    assert!(faults.contains("PORTCULLIS_DATABASE_DIRECT_URL: it is a second way"), "{faults}");
    let both = settings(&[direct, "--database-url=postgres://pooler/x", "--secret", SECRET]).check().expect("settings");
    assert_eq!(format!("{:?}", both.database), "External(pooler:5432/x, directly db:5432/x)");
}

#[test]
fn a_session_must_not_end_before_its_access_token() {
    let flags = ["--data-dir=/x", "--session-idle-ttl=10m", "--access-token-ttl=11m"];
    let fault = settings(&flags).check().expect_err("a fault").to_string();
    assert!(fault.contains("PORTCULLIS_SESSION_IDLE_TTL") && fault.contains("PORTCULLIS_ACCESS_TOKEN_TTL"), "{fault}");
}

#[test]
fn an_external_database_needs_a_secret() {
    let (status, _, errors) = run(&[], &[("DATABASE_URL", "postgres://ada:hunter2@db/x")]);
    assert!(!status.success() && errors.contains("PORTCULLIS_SECRET: it must be set"), "{errors}");
}

#[test]
fn an_unreachable_database_is_named_without_its_password() {
    let url = "postgres://ada:hunter2@127.0.0.1:1/x";
    for command in ["serve", "migrate"] {
        let (status, _, errors) = run(
            &[command],
            &[("DATABASE_URL", url), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_LISTEN", "127.0.0.1:0")],
        );
        assert!(!status.success() && errors.contains("127.0.0.1:1/x"), "{errors}");
        assert!(errors.contains("refused") && !errors.contains("hunter2"), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_than_the_databases_is_refused() {
    let database = TestDatabase::new().await;
    Server::start(&[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET)]).stop();
    let other = "another secret, which is long enough as well";
    let (status, _, errors) = run(
        &[],
        &[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", other), ("PORTCULLIS_LISTEN", "127.0.0.1:0")],
    );
    assert!(!status.success() && errors.contains("PORTCULLIS_SECRET does not open the keys"), "{errors}");
    assert!(!errors.contains(other), "{errors}");
    Server::start(&[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET)]).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_migrations_stop_a_start_that_may_not_apply_them() {
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_MIGRATE", "off"),
        ("PORTCULLIS_LISTEN", "127.0.0.1:0"),
    ];
    let (status, _, errors) = run(&[], &environment);
    assert!(!status.success() && errors.contains("portcullis migrate"), "{errors}");
    let (status, applied, errors) = run(&["migrate"], &environment);
    assert!(status.success() && applied.lines().count() == crate::support::migrations(), "{applied}{errors}");
    Server::start(&environment).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let database = TestDatabase::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (status, _, errors) =
        run(&[], &[("DATABASE_URL", &database.url), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_LISTEN", &address)]);
    assert!(!status.success() && errors.contains(&address) && errors.contains("PORTCULLIS_LISTEN"), "{errors}");
}

#[test]
fn an_empty_setting_is_as_none() {
    let empty =
        settings(&["--listen=", "--session-ttl=", "--log=", "--database-pool-size=", "--graphiql=", "--data-dir=/x"]);
    let (empty, unset) = (empty.check().expect("settings"), settings(&["--data-dir=/x"]).check().expect("settings"));
    assert_eq!(format!("{empty:?}"), format!("{unset:?}"));
    assert!(unset.graphql.graphiql && unset.graphql.introspection, "on in development, as with the private database");
    assert!(!format!("{:?}", settings(&["--data-dir=/x", "--secret", SECRET]).check()).contains(SECRET));
}

#[test]
fn graphiql_and_introspection_are_off_with_an_external_database() {
    let external = ["--database-url=postgres://db/x", "--secret", SECRET];
    let config = settings(&external).check().expect("settings");
    assert!(!config.graphql.graphiql && !config.graphql.introspection);
    let config =
        settings(&[&external[..], &["--graphiql=on", "--introspection=on"]].concat()).check().expect("settings");
    assert!(config.graphql.graphiql && config.graphql.introspection);
}

#[test]
fn flags_go_before_or_after_the_command_and_each_command_documents_them() {
    let (_, _, before) = run(&["--listen=nowhere", "serve"], &[]);
    let (_, _, after) = run(&["serve", "--listen=nowhere"], &[]);
    assert!(before.contains("PORTCULLIS_LISTEN: ") && before == after, "{before}{after}");
    let (_, _, environment) = run(&["serve"], &[("PORTCULLIS_LISTEN", "nowhere")]);
    assert_eq!(environment, before);
    for command in ["serve", "migrate", "keys"] {
        let (status, help, _) = run(&[command, "--help"], &[]);
        assert!(status.success() && help.contains("PORTCULLIS_SESSION_TTL"), "{help}");
    }
}

#[test]
fn with_cookies_on_no_origin_is_one_that_can_be_forged_on_the_way() {
    let faults =
        |flags: &[&str]| settings(&[&["--data-dir=/x"], flags].concat()).check().err().map(|all| all.to_string());
    let listed = "--allowed-origins=http://localhost:5173,http://app.example.com";
    assert_eq!(faults(&[listed]), None, "without cookies a page has only what it was given");
    let fault = faults(&[listed, "--cookies=on"]).expect("a fault");
    assert!(
        fault.contains("ALLOWED_ORIGINS: \"http://app.example.com\"") && !fault.contains("localhost:5173"),
        "{fault}"
    );
    let fault = faults(&["--issuer=http://auth.example.com", "--cookies=on"]).expect("a fault");
    assert!(fault.contains("PORTCULLIS_COOKIES: ") && fault.contains("PORTCULLIS_ISSUER"), "{fault}");
    assert_eq!(faults(&["--issuer=https://auth.example.com/tenant", "--cookies=on"]), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_make_tables_serves_a_migrated_database() {
    let database = TestDatabase::new().await;
    let secret = ("PORTCULLIS_SECRET", SECRET);
    Server::start(&[("DATABASE_URL", &database.url), secret]).stop();
    let schema: String = database.operator.query_one("SELECT current_schema::text", &[]).await.expect("a row").get(0);
    let role = format!("{schema}_role");
    let grant = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT USAGE ON SCHEMA {schema} TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
    );
    database.operator.batch_execute(&grant).await.expect("a role");
    let (_, place) = database.url.split_once('@').expect("credentials");
    let url = format!("postgres://{role}:pw@{place}");
    let server = Server::start(&[("DATABASE_URL", &url), secret, ("PORTCULLIS_MIGRATE", "off")]);
    server.client().register("ada@example.com").await;
    let (_, key, _) = run(&["service-keys", "create", "a test"], &[("DATABASE_URL", &url), secret]);
    let revocations = format!("{}/revocations", server.url);
    let (_, position) = Events::open(&revocations, key.trim(), None).await.batch().await;
    assert!(!position.is_empty());
    server.stop();
}

#[test]
fn the_environment_decides_what_may_be_explored_unless_it_is_said() {
    let exploring = |flags: &[&str]| {
        let url = ["--database-url=postgres://db/x", "--secret", SECRET];
        let config = settings(&[url.as_slice(), flags].concat()).check().expect("settings");
        (config.graphql.graphiql, config.graphql.introspection)
    };
    assert_eq!(exploring(&[]), (false, false), "with DATABASE_URL it is production");
    assert_eq!(exploring(&["--env=development"]), (true, true));
    assert_eq!(exploring(&["--env=development", "--graphiql=off"]), (false, true));
    assert_eq!(exploring(&["--env=production", "--introspection=on"]), (false, true));
    let config = settings(&["--data-dir=/x", "--env=production"]).check().expect("settings");
    assert!(!config.graphql.graphiql && !config.graphql.introspection);
}

#[test]
fn a_manifest_is_read_where_only_its_documents_are_answered_and_nowhere_else() {
    let fault = |flags: &[&str]| {
        let flags = [&["--data-dir=/x"], flags].concat();
        settings(&flags).check().expect_err("a fault").to_string()
    };
    let file = "--persisted-documents=/no/such/manifest.json";
    assert!(fault(&[file]).contains("PORTCULLIS_PERSISTED_DOCUMENTS: it is read with"));
    assert!(fault(&["--persisted-queries=only"]).contains("PORTCULLIS_PERSISTED_DOCUMENTS: it must name a file"));
    assert!(fault(&["--persisted-queries=only", file]).contains("the file it names can't be read: No such file"));
    let explored = fault(&["--persisted-queries=only", file, "--graphiql=on"]);
    assert!(explored.contains("PORTCULLIS_GRAPHIQL: PORTCULLIS_PERSISTED_QUERIES=only answers nothing"), "{explored}");
}
