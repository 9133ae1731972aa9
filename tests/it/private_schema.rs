//! A schema of our own in a database that others use, and the errors where a schema belongs to somebody else.

use std::time::Duration;

use portcullis::clock::Stopwatch;

use crate::feed::refused_within;
use crate::support::app::SECRET;
use crate::support::database::{TestDatabase, as_superuser, connect};
use crate::support::pgbouncer::PgBouncer;
use crate::support::process::{Server, run, run_with};
use crate::support::until;

fn environment(url: &str) -> [(&str, &str); 4] {
    [
        ("DATABASE_URL", url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_RATE_LIMITS", "off"),
    ]
}

/// Everything that the schemas hold but the catalogue's own.
const CONTENTS: &str = "SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM ( \
        SELECT relnamespace::regnamespace || '.' || relname AS name FROM pg_class WHERE relnamespace >= 2200 \
            AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)' \
        UNION ALL SELECT pronamespace::regnamespace || '.' || oid::regprocedure FROM pg_proc WHERE pronamespace >= 2200 \
            AND pronamespace::regnamespace::text !~ '^(pg_|information_schema)' \
        UNION ALL SELECT typnamespace::regnamespace || '.' || typname FROM pg_type WHERE typnamespace >= 2200 \
            AND typnamespace::regnamespace::text !~ '^(pg_|information_schema)' \
    ) AS contents";

/// A database of another application, with a role for us that owns nothing.
struct Shared {
    operator: tokio_postgres::Client,
    role: String,
    url: String,
}

impl Shared {
    async fn new(name: &str) -> Self {
        let database = TestDatabase::new().await.of_a_role("").await;
        let (role, url) = (database.role().to_owned(), database.url.clone());
        let (server, _) = url.split_once("/portcullis?").expect("a database");
        database.operator.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
        let operator = connect(&as_superuser(&format!("{server}/{name}"))).await;
        Self { operator, role, url: format!("{server}/{name}") }
    }

    async fn sql(&self, statement: &str) {
        self.operator.batch_execute(statement).await.expect("a statement");
    }

    async fn text(&self, query: &str) -> String {
        self.operator.query_one(query, &[]).await.expect("a row").get(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_lives_in_the_schema_of_the_search_path() {
    let shared = Shared::new("of_a_shop").await;
    let role = &shared.role;
    // The shop has tables of its own by these names.
    shared.sql("CREATE TABLE accounts (id int); CREATE TABLE sessions (id int); INSERT INTO accounts VALUES (1)").await;
    let public =
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    let before = shared.text(public).await;
    shared.sql(&format!("CREATE SCHEMA auth AUTHORIZATION {role}")).await;
    let urls = [
        format!("{}?options=-c%20search_path%3Dauth", shared.url),
        format!("{}?options=-c%20search_path%3Dauth,public", shared.url),
    ];
    let first = Server::start(&environment(&urls[0]));
    let second = Server::start(&environment(&urls[1]));
    let ada = first.client().register("ada@example.com").await;
    let there = second.client().with_token(ada.access_token());
    assert_eq!(there.is_signed_in().await, Ok(()));
    ada.refresh().await;
    // The role that changes something has another search path. The triggers report it all the same.
    shared.sql("UPDATE auth.sessions SET revoked_at = now()").await;
    refused_within(Duration::from_secs(2), Stopwatch::start(), &there).await;
    until("the other hears it as well", async || ada.is_signed_in().await == Err("SESSION_REVOKED".into())).await;

    for url in &urls {
        let (status, out, errors) = run(&["migrate"], &environment(url));
        assert!(status.success() && out.contains("up to date"), "{out}{errors}");
    }
    let (status, out, errors) = run(&["keys", "list"], &environment(&urls[0]));
    assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
    let create = ["accounts", "create", "bob@example.com"];
    let (status, out, errors) = run_with(&create, &environment(&urls[1]), b"correct horse battery staple\n");
    assert!(status.success(), "{out}{errors}");
    first.client().login("bob@example.com").await;
    let (status, out, errors) = run(&["service-keys", "list"], &environment(&urls[0]));
    assert!(status.success(), "{out}{errors}");
    for server in [first, second] {
        let log = server.stop();
        assert!(!log.contains("not heard") && !log.contains("ERROR"), "{log}");
    }
    assert_eq!(shared.text(public).await, before, "nothing of ours is in the schema of the shop");
    assert_eq!(shared.text("SELECT string_agg(id::text, ' ') FROM public.accounts").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_the_roles_search_path_is_used() {
    let shared = Shared::new("of_a_pooled_shop").await;
    let Shared { role, url, .. } = &shared;
    shared.sql("CREATE TABLE accounts (id int)").await;
    shared.sql(&format!("CREATE SCHEMA auth AUTHORIZATION {role}")).await;
    shared.sql(&format!("ALTER ROLE {role} IN DATABASE of_a_pooled_shop SET search_path = auth")).await;
    let database = TestDatabase { url: url.clone(), operator: connect(url).await };
    let Some(bouncer) = PgBouncer::with(&database, "", "pool_mode = transaction").await else { return };
    // The pooler refuses the option, and waiting would not help.
    let refused = format!("{}?options=-c%20search_path%3Dauth", bouncer.url());
    let (status, _, errors) = run(&["serve"], &environment(&refused));
    assert!(!status.success() && errors.contains("unsupported startup parameter"), "{errors}");
    assert!(!errors.contains("waiting for the database"), "{errors}");

    let direct = [&environment(bouncer.url())[..], &[("PORTCULLIS_DATABASE_DIRECT_URL", url)]].concat();
    let server = Server::start(&direct);
    let ada = server.client().register("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    shared.sql("UPDATE auth.sessions SET revoked_at = now()").await;
    refused_within(Duration::from_secs(2), Stopwatch::start(), &ada).await;
    let (status, out, errors) = run(&["keys", "list"], &environment(bouncer.url()));
    assert!(status.success() && out.contains("EdDSA"), "{out}{errors}");
    server.stop();
    assert_eq!(shared.text("SELECT count(*)::text FROM pg_class WHERE relname = 'keys'").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_application_is_refused_and_left_as_it_is() {
    let shared = Shared::new("of_others").await;
    let role = &shared.role;
    let take = "CREATE FUNCTION portcullis_take(steps int[], keys bytea[], costs float8[], bursts float8[], now timestamptz, \
        OUT wait float8, OUT refused int, OUT taken bytea[]) LANGUAGE sql AS 'SELECT 1.0::float8, 1, keys'";
    let diesels = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now()); \
        INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000000'), ('20200101000000')";
    for (number, (foreign, readable)) in [
        "CREATE TABLE accounts (id serial PRIMARY KEY, name text)",
        "CREATE TABLE sessions (sid text)",
        "CREATE TABLE limits (n int)",
        "CREATE TABLE clean_up (n int)",
        "CREATE VIEW keys AS SELECT 1 AS n",
        "CREATE MATERIALIZED VIEW audit_events AS SELECT 1 AS n",
        "CREATE SEQUENCE revocations",
        "CREATE TYPE service_keys AS ENUM ('a')",
        "CREATE TABLE shop (id int CONSTRAINT sessions_pkey PRIMARY KEY)",
        "CREATE FUNCTION portcullis_history() RETURNS text LANGUAGE sql AS 'SELECT ''x'''",
        take,
        diesels,
    ]
    .map(|foreign| (foreign, true))
    .into_iter()
    .chain([(diesels, false)])
    .enumerate()
    {
        let schema = format!("other_{number}");
        shared.sql(&format!("CREATE SCHEMA {schema}; SET search_path TO {schema}; {foreign}")).await;
        shared.sql(&format!("GRANT ALL ON SCHEMA {schema} TO {role}")).await;
        if readable {
            shared.sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")).await;
        }
        let url = format!("{}?options=-c%20search_path%3D{schema}", shared.url);
        let before = shared.text(CONTENTS).await;
        for arguments in [&["serve"][..], &["migrate"]] {
            let (status, _, errors) = run(arguments, &environment(&url));
            assert!(!status.success() && errors.contains("othing was changed"), "{foreign}: {errors}");
            for said in ["another application's", "CREATE SCHEMA portcullis AUTHORIZATION", "search_path%3Dportcullis"]
            {
                assert!(errors.contains(said), "{foreign}: {errors}");
            }
            assert_eq!(shared.text(CONTENTS).await, before, "{foreign}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_missing_or_closed_is_said() {
    let shared = Shared::new("of_the_closed").await;
    let role = &shared.role;
    let url = format!("{}?options=-c%20search_path%3Dauth", shared.url);
    let before = shared.text(CONTENTS).await;
    let said = |errors: &str, parts: &[&str]| parts.iter().all(|part| errors.contains(part));
    let (status, _, errors) = run(&["serve"], &environment(&url));
    assert!(!status.success() && said(&errors, &["is auth", "CREATE SCHEMA portcullis AUTHORIZATION"]), "{errors}");
    shared.sql(&format!("CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO {role}")).await;
    let (status, _, errors) = run(&["migrate"], &environment(&url));
    let grant = format!("GRANT CREATE ON SCHEMA \"auth\" TO \"{role}\"");
    assert!(!status.success() && said(&errors, &["may not make tables", &grant]), "{errors}");
    assert_eq!(shared.text(CONTENTS).await, before);
    shared.sql(&grant).await;
    let (status, out, errors) = run(&["migrate"], &environment(&url));
    assert!(status.success(), "{out}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_said() {
    let database = TestDatabase::new().await.of_a_role("").await;
    Server::start(&environment(&database.url)).stop();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')").await;
    let said = "migrated by a newer version of Portcullis";
    let log = Server::start(&environment(&database.url)).stop();
    assert!(log.contains(said) && log.contains("20991231000001"), "{log}");
    for arguments in [&["migrate"][..], &["keys", "list"]] {
        let (status, _, errors) = run(arguments, &environment(&database.url));
        assert!(status.success() && errors.contains(said), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_start_left_behind_stands_in_nobodys_way() {
    let database = TestDatabase::new().await.of_a_role("").await;
    let empty =
        "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp DEFAULT now())";
    let owner = format!("ALTER TABLE __diesel_schema_migrations OWNER TO {}", database.role());
    database.operator.batch_execute(&format!("{empty}; {owner}")).await.expect("an empty table");
    Server::start(&environment(&database.url)).stop();
}
