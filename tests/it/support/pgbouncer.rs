//! PgBouncer in transaction mode between server and database.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::geteuid;
use tokio_postgres::NoTls;
use tokio_postgres::config::Host;

use super::cluster::watched_dir;
use super::database::TestDatabase;
use super::until;

/// How many server connections each pooler has: fewer than the tests have clients.
const SERVERS: usize = 4;

/// A pooler. It ends when dropped, and at the latest with the test process.
pub(crate) struct PgBouncer {
    child: Child,
    url: String,
}

/// The path of PgBouncer. If it is not installed, the test prints that and ends, or fails where no test may be left
/// out.
pub(crate) fn pgbouncer_or_explain() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A plain user's path often lacks the last two.
    let mut places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = places.find_map(|place| Some(place.join("pgbouncer")).filter(|program| program.is_file()));
    if found.is_none() {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "pgbouncer is not installed");
        eprintln!("NOT TESTED: there is no pgbouncer on this machine (Debian: apt-get install pgbouncer)");
    }
    found
}

impl PgBouncer {
    /// A pooler in transaction mode in front of the server of `database`, with the schema of that database.
    pub(crate) async fn before(database: &TestDatabase) -> Option<Self> {
        Self::in_mode("transaction", database).await
    }

    /// A pooler in this mode.
    pub(crate) async fn in_mode(mode: &str, database: &TestDatabase) -> Option<Self> {
        let schema: String =
            database.operator.query_one("SELECT current_schema::text", &[]).await.expect("a row").get(0);
        Self::with(database, &format!("connect_query='SET search_path TO {schema}'"), &format!("pool_mode = {mode}"))
            .await
    }

    /// A pooler with these settings of the database and of its own.
    pub(crate) async fn with(database: &TestDatabase, of_database: &str, of_pooler: &str) -> Option<Self> {
        let program = pgbouncer_or_explain()?;
        let config: tokio_postgres::Config = database.url.parse().expect("a URL of the tests");
        let (host, owner) = match config.get_hosts().first().expect("a host") {
            Host::Unix(socket) => (socket.display().to_string(), fs::metadata(socket).expect("a directory").uid()),
            Host::Tcp(name) => (name.clone(), 65534),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let password = str::from_utf8(config.get_password().expect("a password")).expect("UTF-8");
        let (user, name) = (config.get_user().expect("a role"), config.get_dbname().expect("a name"));

        // A socket there needs no free port, and nobody else uses its name.
        let dir = watched_dir("pgbouncer");
        let place = dir.to_str().expect("UTF-8");
        let settings = format!(
            "[databases]\nportcullis = host={host} port={port} dbname={name} {of_database}\n\
             [pgbouncer]\ndefault_pool_size = {SERVERS}\nmax_client_conn = 200\n{of_pooler}\n\
             unix_socket_dir = {place}\nlisten_port = 6432\nauth_type = scram-sha-256\nauth_file = {place}/users\n"
        );
        fs::write(dir.join("users"), format!("\"{user}\" \"{password}\"\n")).expect("a file");
        fs::write(dir.join("pgbouncer.ini"), settings).expect("a file");
        let log = fs::File::create(dir.join("log")).expect("a file");

        let mut command = Command::new(program);
        command.arg(dir.join("pgbouncer.ini")).current_dir(&dir).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a file")).stderr(log);
        if geteuid().is_root() {
            // It refuses root, and only PostgreSQL's user may use PostgreSQL's socket.
            chown(&dir, Some(owner), Some(owner)).expect("an owner");
            command.uid(owner).gid(owner);
        }
        let child = command.spawn().expect("pgbouncer runs");
        let url =
            format!("postgres://{user}:{}@{}:6432/portcullis", password.replace(' ', "%20"), place.replace('/', "%2F"));
        let mut bouncer = Self { child, url };
        let answers = async || {
            let ended = bouncer.child.try_wait().expect("a status");
            assert!(ended.is_none(), "{ended:?}: {}", fs::read_to_string(dir.join("log")).unwrap_or_default());
            tokio_postgres::connect(&bouncer.url, NoTls).await.is_ok()
        };
        until("pgbouncer answers", answers).await;
        Some(bouncer)
    }

    /// The URL of the database through this pooler.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
