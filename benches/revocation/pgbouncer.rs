//! PgBouncer in transaction mode between the instances and the database.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use portcullis::clock::Stopwatch;
use rustix::process::geteuid;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

use crate::support::Outcome;
use crate::support::directory::Directory;
use crate::support::postgres::Postgres;

const START: Duration = Duration::from_secs(20);

/// Ends when dropped.
pub(crate) struct PgBouncer {
    child: Child,
    url: String,
}

/// Where it is installed, if it is.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A plain user's path often lacks the last two.
    let mut places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.find_map(|place| Some(place.join("pgbouncer")).filter(|program| program.is_file()))
}

impl PgBouncer {
    /// Reached by a socket in a directory of its own under `directory`. `None` where it is not installed.
    pub(crate) async fn before(postgres: &Postgres, directory: &Directory) -> Outcome<Option<Self>> {
        let Some(program) = program() else { return Ok(None) };
        let config: Config = postgres.url().parse()?;
        let Some(Host::Unix(socket)) = config.get_hosts().first() else { return Err("no socket of PostgreSQL".into()) };
        let owner = fs::metadata(socket)?.uid();
        let (socket, port) = (socket.display(), config.get_ports().first().copied().unwrap_or(5432));
        let password = str::from_utf8(config.get_password().ok_or("no password")?)?;

        let home = directory.path().join("pgbouncer");
        fs::create_dir(&home)?;
        let place = home.to_str().ok_or("the directory's name is not UTF-8")?;
        let settings = format!(
            "[databases]\nportcullis = host={socket} port={port}\n\
             [pgbouncer]\npool_mode = transaction\ndefault_pool_size = 16\nmax_client_conn = 200\n\
             unix_socket_dir = {place}\nlisten_port = 6432\nauth_type = scram-sha-256\nauth_file = {place}/users\n"
        );
        fs::write(home.join("users"), format!("\"portcullis\" \"{password}\"\n"))?;
        fs::write(home.join("pgbouncer.ini"), settings)?;
        let log = fs::File::create(home.join("log"))?;

        let mut command = Command::new(program);
        command.arg(home.join("pgbouncer.ini")).current_dir(&home).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        if geteuid().is_root() {
            // It refuses root, and PostgreSQL's socket is for PostgreSQL's user.
            chown(&home, Some(owner), Some(owner))?;
            command.uid(owner).gid(owner);
        }
        let url = format!("postgres://portcullis:{password}@{}:6432/portcullis", place.replace('/', "%2F"));
        let mut bouncer = Self { child: command.spawn()?, url };
        bouncer.answers().await.map_err(|error| {
            format!("PgBouncer: {error}: {}", fs::read_to_string(home.join("log")).unwrap_or_default())
        })?;
        Ok(Some(bouncer))
    }

    async fn answers(&mut self) -> Outcome {
        let watch = Stopwatch::start();
        while let Err(error) = tokio_postgres::connect(&self.url, NoTls).await {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if watch.elapsed() > START {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The URL of the database by this way.
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
