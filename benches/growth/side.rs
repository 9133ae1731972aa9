//! One of the two databases, with a server on it.

use std::path::PathBuf;

use portcullis::db::Declared;
use tokio_postgres::Statement;
use uuid::Uuid;

use crate::caller::{Caller, Pick};
use crate::seed::{CHEAPEST, Seeded};
use crate::support::Outcome;
use crate::support::postgres::Postgres;
use crate::support::server::{SECRET, Server};

const SEARCH: &str = include_str!("search.sql");
/// The statements that clear away, and by which names they are prepared.
const CLEAN_UP: [(&str, &str); 2] = [
    ("growth_sessions", "portcullis::sessions::store::clean_up::Stepping"),
    ("growth_events", "portcullis::audit::store::clean_up::CleaningUp"),
];

/// A database that runs, and a server on it.
pub(crate) struct Side {
    pub(crate) caller: Caller,
    pub(crate) server: Server,
    pub(crate) postgres: Postgres,
    pub(crate) search: Statement,
    /// Sessions after which there are at least a thousand more.
    pub(crate) positions: Vec<Uuid>,
    seeded: Seeded,
}

impl Side {
    /// Starts both, with these settings of PostgreSQL.
    pub(crate) async fn start(mut seeded: Seeded, settings: &[(&str, &str)]) -> Outcome<Self> {
        let postgres = Postgres::start_with(&seeded.directory, settings).await?;
        for (name, declared) in CLEAN_UP {
            let statement = Declared::all().into_iter().find(|statement| statement.name == declared);
            let text = statement.ok_or_else(|| format!("no statement {declared}"))?.text;
            postgres.operator.batch_execute(&format!("PREPARE {name} AS {text}")).await?;
        }
        let search = postgres.operator.prepare(SEARCH).await?;
        // Each `me` asks the database.
        let uncached = [("DATABASE_URL", postgres.url()), SECRET, ("PORTCULLIS_SESSION_CACHE", "0")];
        let server = Server::start(&[uncached.as_slice(), &CHEAPEST].concat()).await?;
        let picks = std::mem::take(&mut seeded.picks);
        let positions = positions(&picks);
        let caller = Caller::open(&server.address, picks, seeded.registered).await?;
        Ok(Self { caller, server, postgres, search, positions, seeded })
    }

    /// Keeps the server from taking a turn at clearing away.
    pub(crate) async fn put_off_clean_up(&self) -> Outcome {
        let put_off = "UPDATE clean_up SET due_at = now() + interval '9 minutes'";
        Ok(self.postgres.operator.batch_execute(put_off).await?)
    }

    /// The server's process, and those of PostgreSQL that work for somebody.
    pub(crate) async fn processes(&self) -> Outcome<Vec<u32>> {
        let backends = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'";
        let backends = self.postgres.operator.query(backends, &[]).await?;
        let backends = backends.iter().map(|row| row.get::<_, i32>(0).cast_unsigned());
        Ok(backends.chain([self.server.process()?]).collect())
    }

    /// What PostgreSQL says.
    pub(crate) fn log(&self) -> PathBuf {
        self.seeded.directory.path().join("postgres.log")
    }

    pub(crate) async fn stop(self) -> Outcome<Seeded> {
        let (picks, registered) = self.caller.close();
        self.server.stop().await?;
        self.postgres.stop().await?;
        Ok(Seeded { picks, registered, ..self.seeded })
    }
}

/// Ids sort by time. Among the oldest two fifths as many are for the clean-up in each thousand, whether they were ended or left unused.
fn positions(picks: &[Pick]) -> Vec<Uuid> {
    let mut sorted: Vec<_> = picks.iter().map(|pick| pick.session).collect();
    sorted.sort_unstable();
    let last = sorted.get(sorted.len() * 2 / 5).copied().unwrap_or_default();
    picks.iter().map(|pick| pick.session).filter(|session| *session < last).collect()
}
