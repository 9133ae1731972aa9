//! The server's role in the private PostgreSQL is not a superuser, and clusters of earlier versions are migrated.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portcullis::db::embedded::Embedded;
use rustix::process::{Signal, geteuid};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::support::cluster::{open_to_superusers, options, watched_dir};
use crate::support::database::{as_superuser, connect};
use crate::support::process::{Server, postmaster, run, signal};
use crate::support::until;

/// Statements that only a superuser may execute, or a role that was permitted to.
const FORBIDDEN: [&str; 12] = [
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "CREATE TEMP TABLE t (line text); COPY t FROM PROGRAM 'id'",
    "COPY (SELECT 1) TO '/tmp/portcullis-forbidden'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'system'",
    "CREATE EXTENSION file_fdw",
    "ALTER SYSTEM SET archive_command TO 'id'",
    "CREATE ROLE eve SUPERUSER",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT rolpassword FROM pg_authid",
    "ALTER ROLE portcullis SUPERUSER",
];

async fn must_be_plain(client: &Client) {
    for statement in FORBIDDEN {
        let refused = client.batch_execute(statement).await.expect_err(statement);
        let code = refused.code().expect("an answer");
        // What is not installed can't be had either.
        let absent = [SqlState::UNDEFINED_FILE, SqlState::FEATURE_NOT_SUPPORTED].contains(code);
        assert!(*code == SqlState::INSUFFICIENT_PRIVILEGE || absent, "{statement}: {refused:?}");
    }
}

/// What in this database belongs to somebody else, of what was made in it.
const FOREIGN: &str = "SELECT coalesce(string_agg(what || ' of ' || pg_get_userbyid(owner), ', '), '') FROM (
    SELECT relname::text, relowner, oid FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_')
    UNION ALL SELECT proname, proowner, oid FROM pg_proc
    UNION ALL SELECT typname, typowner, oid FROM pg_type WHERE typnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_')
    UNION ALL SELECT nspname, nspowner, oid FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT datname, datdba, oid FROM pg_database WHERE datname = current_database()
) AS made (what, owner, number) WHERE number >= 16384 AND pg_get_userbyid(owner) <> 'portcullis'";

#[tokio::test]
async fn the_servers_role_may_not_do_what_a_superuser_may() {
    let dir = watched_dir("plain");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    must_be_plain(&connect(database.url()).await).await;
    database.stop().await.expect("a stop");
}

#[tokio::test]
async fn nobody_else_may_connect() {
    let dir = watched_dir("closed");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let url = database.url();
    for other in
        [as_superuser(url), url.replacen("portcullis:", "postgres:", 1), url.replace("/portcullis", "/postgres")]
    {
        let refused = tokio_postgres::connect(&other, NoTls).await.err().expect("a refusal");
        let code = refused.code().expect("an answer");
        assert_eq!(*code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION, "{refused}");
    }
    let mode = fs::metadata(dir.join("postgres-hba.conf")).expect("a file").mode() & 0o777;
    assert_eq!(mode, 0o600);
    database.stop().await.expect("a stop");
}

#[tokio::test]
async fn lines_that_an_operator_adds_are_kept() {
    let dir = watched_dir("added");
    Embedded::start(options(&dir)).await.expect("PostgreSQL").stop().await.expect("a stop");
    let rules = dir.join("postgres-hba.conf");
    let mut file = fs::OpenOptions::new().append(true).open(rules).expect("a file");
    writeln!(file, "local all postgres trust").expect("a line");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let superuser = connect(&as_superuser(database.url())).await;

    // A role that was made a superuser by hand is one until the next start.
    superuser.batch_execute("ALTER ROLE portcullis SUPERUSER CREATEDB").await.expect("a change");
    database.stop().await.expect("a stop");
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    must_be_plain(&connect(database.url()).await).await;
    database.stop().await.expect("a stop");
}

/// A program of the installation, run as the user that owns `dir`.
fn program(name: &str, dir: &Path) -> Command {
    let find = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1";
    let found = Command::new("sh").args(["-c", find]).output().expect("a directory").stdout;
    let bin = PathBuf::from(String::from_utf8(found).expect("UTF-8").trim());
    let mut command = if bin.as_os_str().is_empty() { Command::new(name) } else { Command::new(bin.join(name)) };
    if geteuid().is_root() {
        let owner = fs::metadata(dir).expect("a directory");
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.current_dir("/").env("LC_ALL", "C").stdout(Stdio::null());
    command
}

fn password(dir: &Path) -> String {
    fs::read_to_string(dir.join("postgres-password")).expect("a password").trim().to_owned()
}

fn socket(dir: &Path) -> String {
    dir.join("run").to_str().expect("UTF-8").replace('/', "%2F")
}

/// A data directory as earlier versions made it: `initdb -U portcullis`, so the server's role is the first superuser.
async fn earlier(name: &str) -> PathBuf {
    let dir = watched_dir(name);
    // Password and owners as they are; then the cluster as it was.
    Embedded::start(options(&dir)).await.expect("PostgreSQL").stop().await.expect("a stop");
    let cluster = dir.join("postgres");
    let status = {
        let mut initdb = program("initdb", &cluster);
        for entry in fs::read_dir(&cluster).expect("a cluster").flatten() {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("room");
        }
        _ = fs::remove_file(dir.join("postgres-hba.conf"));
        initdb.args(["-U", "portcullis", "-A", "scram-sha-256", "--locale=C", "-E", "UTF8", "--no-sync", "--pwfile"]);
        initdb.arg(dir.join("postgres-password")).arg("-D").arg(&cluster).status().expect("initdb runs")
    };
    assert!(status.success());
    let mut single = program("postgres", &cluster);
    single.arg("--single").arg("-D").arg(&cluster).arg("postgres").stdin(Stdio::piped());
    let mut single = single.spawn().expect("postgres runs");
    single.stdin.take().expect("standard input").write_all(b"CREATE DATABASE portcullis\n").expect("a statement");
    assert!(single.wait().expect("an end").success());
    dir
}

/// Runs `work` on a PostgreSQL that was started by hand, with the URL of the role `portcullis`.
async fn by_hand(dir: &Path, settings: &[&str], work: impl AsyncFnOnce(&str)) {
    let cluster = dir.join("postgres");
    let mut postgres = program("postgres", &cluster);
    postgres.arg("-D").arg(&cluster).args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"]).arg(dir.join("run"));
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    let mut child = postgres.process_group(0).spawn().expect("postgres runs");
    let url = format!("postgres://portcullis:{}@{}/portcullis", password(dir), socket(dir));
    until("it answers", async || tokio_postgres::connect(&url, NoTls).await.is_ok()).await;
    work(&url).await;
    signal(child.id().cast_signed(), Signal::INT);
    child.wait().expect("an end");
}

/// Everything that a server and an operator may have made in the old database.
async fn use_it(dir: &Path, url: &str) {
    let environment = [("DATABASE_URL", url), ("PORTCULLIS_SECRET", crate::support::app::SECRET)];
    let server = Server::start(&[&environment[..], &[("PORTCULLIS_ARGON2_MEMORY_KIB", "64")]].concat());
    server.client().register("ada@example.com").await;
    server.stop();
    fs::write(dir.join("secret"), crate::support::app::SECRET).expect("a secret");
    let operator = "
        CREATE SCHEMA \"Reports of Ada\";
        CREATE TABLE \"Reports of Ada\".\"day's\" (id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY, at date);
        CREATE VIEW \"Reports of Ada\".v AS SELECT 1 AS one;
        CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
        CREATE SEQUENCE alone;
        CREATE TYPE mood AS ENUM ('glad');
        CREATE DOMAIN odd AS int CHECK (VALUE % 2 = 1);
        CREATE TYPE pair AS (a int, b int);
        CREATE TABLE parted (n int) PARTITION BY RANGE (n);
        CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9);
        CREATE PROCEDURE p(\"a b\" mood) LANGUAGE sql SECURITY DEFINER AS $$ SELECT $$;
        CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int);
        CREATE ROLE reader LOGIN PASSWORD 'pw';
        GRANT SELECT ON accounts TO reader;
        CREATE ROLE deputy; GRANT portcullis TO deputy;
        ALTER ROLE portcullis SET work_mem TO '5MB'";
    connect(url).await.batch_execute(operator).await.expect("an operator's work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_an_earlier_version_is_brought_over() {
    let dir = earlier("earlier").await;
    by_hand(&dir, &[], async |url| use_it(&dir, url).await).await;

    let data_dir = ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"));
    let server = Server::private(&dir);
    server.client().login("ada@example.com").await;
    let (status, out, errors) = run(&["migrate"], &[data_dir]);
    assert!(status.success() && out.contains("up to date"), "beside it: {out}{errors}");
    let (status, out, errors) = run(&["service-keys", "create", "a backend"], &[data_dir]);
    assert!(status.success() && out.starts_with("pcs_"), "{out}{errors}");
    let log = server.stop();
    assert!(log.contains("rights of a superuser"), "{log}");

    let mut options = options(&dir);
    options.settings.push(open_to_superusers(&dir));
    let database = Embedded::start(options).await.expect("PostgreSQL");
    let client = connect(database.url()).await;
    must_be_plain(&client).await;
    let superuser = connect(&as_superuser(database.url())).await;
    let foreign: String = superuser.query_one(FOREIGN, &[]).await.expect("a list").get(0);
    assert_eq!(foreign, "");
    let text = async |sql: &str| -> String { client.query_one(sql, &[]).await.expect("a row").get(0) };
    assert_eq!(text("SHOW work_mem").await, "5MB", "settings of the role");
    assert_eq!(text("SELECT has_table_privilege('reader', 'accounts', 'SELECT')::text").await, "true");
    assert_eq!(text("SELECT pg_has_role('deputy', 'portcullis', 'MEMBER')::text").await, "true");
    assert_eq!(text("SELECT pg_has_role('deputy', 'postgres', 'MEMBER')::text").await, "false");
    assert_eq!(text("SELECT count(*)::text FROM pg_roles WHERE rolsuper").await, "1");
    client
        .batch_execute("CREATE TABLE more (n int); ALTER TABLE accounts ADD COLUMN more int")
        .await
        .expect("an owner");
    let verifier = "SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'postgres'";
    assert!(superuser.query_one(verifier, &[]).await.expect("a row").get::<_, bool>(0), "no password");
    database.stop().await.expect("a stop");
}

/// What runs programs, or runs with the rights of a superuser, for whoever owns it or reads it.
const DANGEROUS: &str = "
    CREATE ROLE postgres; CREATE ROLE portcullis_superuser; CREATE ROLE reader;
    CREATE FOREIGN DATA WRAPPER programs; CREATE SERVER here FOREIGN DATA WRAPPER programs;
    CREATE FOREIGN TABLE program (line text) SERVER here;
    GRANT SELECT ON program TO PUBLIC;
    GRANT SELECT (line) ON program TO reader WITH GRANT OPTION;
    SET ROLE reader; GRANT SELECT (line) ON program TO PUBLIC; RESET ROLE;
    CREATE TABLE parent (line text) PARTITION BY LIST (line);
    CREATE FOREIGN TABLE part PARTITION OF parent FOR VALUES IN ('a') SERVER here;
    CREATE TABLE harmless (line text);
    CREATE VIEW shown AS SELECT line FROM program;
    CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER tells ON ddl_command_end EXECUTE FUNCTION told();
    ALTER ROLE portcullis SET default_transaction_read_only = on";

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_programs_stays_the_superusers() {
    let dir = earlier("dangerous").await;
    by_hand(&dir, &[], async |url| connect(url).await.batch_execute(DANGEROUS).await.expect("an operator's work"))
        .await;
    let database = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let client = connect(database.url()).await;
    let text = async |sql: &str| -> String { client.query_one(sql, &[]).await.expect("a row").get(0) };
    assert_eq!(text("SELECT rolname::text FROM pg_roles WHERE rolsuper").await, "portcullis_superuser_1");
    for statement in ["SET default_transaction_read_only = off", "DELETE FROM harmless"] {
        client.batch_execute(statement).await.expect(statement);
    }
    for table in ["program", "parent", "part"] {
        let may = format!("SELECT has_any_column_privilege('{table}', 'SELECT')::text");
        assert_eq!(text(&may).await, "false", "{table}");
    }
    for statement in [
        "ALTER FOREIGN TABLE program OPTIONS (ADD program 'id')",
        "ALTER TABLE parent OWNER TO portcullis",
        "CREATE OR REPLACE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE $$$$; END'",
    ] {
        let refused = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {refused:?}");
    }
    database.stop().await.expect("a stop");
}

/// The migration waits for a table that somebody has locked, and is killed there.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_bringing_over_leaves_the_cluster_as_it_was() {
    let dir = earlier("killed").await;
    let two_phases = "max_prepared_transactions=1";
    by_hand(&dir, &[two_phases], async |url| {
        use_it(&dir, url).await;
        let held = "BEGIN; LOCK TABLE sessions IN ROW EXCLUSIVE MODE; INSERT INTO parted VALUES (1); PREPARE TRANSACTION 'held'";
        connect(url).await.batch_execute(held).await.expect("a lock");
    })
    .await;

    let (name, value) = two_phases.split_once('=').expect("a setting");
    let held = || {
        let mut options = options(&dir);
        options.settings.push((name.to_owned(), value.to_owned()));
        options
    };
    let start = tokio::spawn(Embedded::start(held()));
    let url = format!("postgres://portcullis:{}@{}/portcullis", password(&dir), socket(&dir));
    let waiting = async || {
        let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else { return false };
        tokio::spawn(connection);
        client
            .query_one("SELECT count(*) FROM pg_locks WHERE NOT granted", &[])
            .await
            .is_ok_and(|row| row.get::<_, i64>(0) > 0)
    };
    until("it waits for the table", waiting).await;
    signal(postmaster(&dir).expect("a postmaster"), Signal::KILL);
    start.await.expect("an end").expect_err("a database that was killed");

    by_hand(&dir, &[two_phases], async |url| {
        let client = connect(url).await;
        let roles = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE oid >= 16384 OR oid = 10";
        assert_eq!(client.query_one(roles, &[]).await.expect("roles").get::<_, String>(0), "deputy portcullis reader");
        client.batch_execute("ROLLBACK PREPARED 'held'").await.expect("an end");
    })
    .await;
    let database = Embedded::start(held()).await.expect("PostgreSQL");
    must_be_plain(&connect(database.url()).await).await;
    database.stop().await.expect("a stop");
}
