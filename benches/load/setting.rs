//! What all parts share: the database, the processors, and how long a turn is.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::argon::COST;
use crate::meter::{self, Meter};
use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::directory::Directory;
use crate::support::passkey;
use crate::support::postgres::Postgres;
use crate::support::processors::Processors;
use crate::support::server::{SECRET, Server, command};

pub(crate) struct Setting {
    /// Where the server runs, its database, and what it is compared with.
    pub(crate) processors: Processors,
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
    /// The number of the next account.
    pub(crate) next: Arc<AtomicUsize>,
    pub(crate) postgres: Postgres,
    postgres_process: u32,
    directory: Directory,
}

impl Setting {
    pub(crate) async fn start(processors: Processors, duration: Duration, rounds: usize) -> Outcome<Self> {
        let directory = Directory::make("load")?;
        let postgres = Postgres::start(&directory).await?;
        let postgres_process = postgres.process().await?;
        processors.take(postgres_process)?;
        Ok(Self { processors, duration, rounds, next: Arc::default(), postgres, postgres_process, directory })
    }

    pub(crate) async fn stop(self) -> Outcome {
        self.postgres.stop().await
    }

    /// A server with these settings beside those that all have.
    pub(crate) async fn server(&self, settings: &[(&str, &str)]) -> Outcome<Server> {
        let [memory, iterations, lanes] = [COST.memory_kib, COST.iterations, COST.parallelism].map(|n| n.to_string());
        let threads = self.processors.numbers().len().to_string();
        let all = [
            ("DATABASE_URL", self.postgres.url()),
            SECRET,
            ("PORTCULLIS_ARGON2_MEMORY_KIB", &memory),
            ("PORTCULLIS_ARGON2_ITERATIONS", &iterations),
            ("PORTCULLIS_ARGON2_PARALLELISM", &lanes),
            ("PORTCULLIS_HASHING_THREADS", &threads),
        ];
        let mut command = command(&[all.as_slice(), &passkey::SETTINGS, settings].concat());
        if settings.iter().any(|(name, _)| *name == "PORTCULLIS_LOG") {
            command.stderr(File::create(self.directory.path().join("log"))?);
        }
        Server::of(command, &self.processors).await
    }

    pub(crate) fn meter(&self, server: &Server) -> Outcome<Meter> {
        Ok(Meter { server: meter::Server::Process(server.process()?), postgres: Some(self.postgres_process) })
    }

    /// Of threads of this process.
    pub(crate) fn meter_of(&self, threads: meter::Server) -> Meter {
        Meter { server: threads, postgres: Some(self.postgres_process) }
    }

    /// New accounts, with a session each.
    pub(crate) async fn accounts(&self, server: &Server, number: usize) -> Outcome<Vec<Account>> {
        let mut connection = Connection::open(&server.address).await?;
        let mut accounts = Vec::with_capacity(number);
        for _ in 0..number {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            accounts.push(Account::register(&mut connection, next).await?);
        }
        Ok(accounts)
    }
}

/// Connections that were used once.
pub(crate) async fn connections(server: &Server, number: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::with_capacity(number);
    for _ in 0..number {
        let mut connection = Connection::open(&server.address).await?;
        connection.ask(&Question::typename()).await?.right()?;
        connections.push(connection);
    }
    Ok(connections)
}
