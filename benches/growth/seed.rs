//! Databases with as many accounts as are asked for.

use portcullis::clock::Stopwatch;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::caller::Pick;
use crate::keys::key_set;
use crate::support::Outcome;
use crate::support::client;
use crate::support::directory::Directory;
use crate::support::postgres::Postgres;
use crate::support::server::{SECRET, Server};

/// The cheapest hash that can be set, so that a login is the rest of it.
pub(crate) const CHEAPEST: [(&str, &str); 2] =
    [("PORTCULLIS_ARGON2_MEMORY_KIB", "8"), ("PORTCULLIS_ARGON2_ITERATIONS", "1")];

const PREPARE: &str = include_str!("seed/1_prepare.sql");
const ACCOUNTS: &str = include_str!("seed/2_accounts.sql");
const SESSIONS: &str = include_str!("seed/3_sessions.sql");
const EVENTS: &str = include_str!("seed/4_events.sql");
const FINISH: &str = include_str!("seed/5_finish.sql");
const VACUUM: &str = include_str!("seed/6_vacuum.sql");
const PICK: &str = include_str!("pick.sql");

/// Nothing has to survive while rows are written, and tables that are new are not written twice.
const LOADING: [(&str, &str); 9] = [
    ("fsync", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
    ("shared_buffers", "1GB"),
    ("max_wal_size", "16GB"),
    ("checkpoint_timeout", "1h"),
];

/// A database with its accounts, which does not run.
pub(crate) struct Seeded {
    pub(crate) directory: Directory,
    pub(crate) picks: Vec<Pick>,
    /// How many addresses were made up.
    pub(crate) registered: usize,
}

/// Makes a database of so many accounts. A pick is the account at each of these shares of all of them, if it is signed in.
pub(crate) async fn seed(name: &'static str, accounts: u64, shares: &[f64]) -> Outcome<Seeded> {
    let directory = Directory::make(&format!("growth-{name}"))?;
    let postgres = Postgres::start_with(&directory, &LOADING).await?;
    // Its migrations make the schema.
    let server = Server::start(&[&[("DATABASE_URL", postgres.url()), SECRET], CHEAPEST.as_slice()].concat()).await?;
    let registered = client::register(&server.address, 1).await?.into_iter().next().ok_or("no account")?;
    server.stop().await?;

    let watch = Stopwatch::start();
    fill(&postgres, accounts, watch).await?;
    println!("{name}: {accounts} accounts and {} sessions in {:.0} s", 2 * accounts, watch.elapsed().as_secs_f64());
    let picks = pick(&postgres, accounts, shares, &registered.password).await?;
    crate::sizes::tell(&postgres.operator).await?;
    postgres.stop().await?;
    Ok(Seeded { directory, picks, registered: 0 })
}

async fn fill(postgres: &Postgres, accounts: u64, watch: Stopwatch) -> Outcome {
    let operator = &postgres.operator;
    let hash: String = operator.query_one("SELECT hash FROM passwords", &[]).await?.get(0);
    operator.batch_execute(&format!("SET growth.accounts = '{accounts}'; SET growth.password_hash = '{hash}'")).await?;
    operator.batch_execute(PREPARE).await?;
    let (other, connection) = tokio_postgres::connect(postgres.url(), NoTls).await?;
    tokio::spawn(connection);
    let (accounts_and_events, sessions) = tokio::join!(
        async {
            operator.batch_execute(ACCOUNTS).await?;
            eprintln!("accounts after {:.0} s", watch.elapsed().as_secs_f64());
            operator.batch_execute(EVENTS).await
        },
        other.batch_execute(SESSIONS)
    );
    accounts_and_events?;
    sessions?;
    eprintln!("sessions and events after {:.0} s", watch.elapsed().as_secs_f64());
    operator.batch_execute(FINISH).await?;
    eprintln!("indexes after {:.0} s", watch.elapsed().as_secs_f64());
    for statement in VACUUM.lines().filter(|line| line.starts_with("VACUUM")) {
        operator.batch_execute(statement).await?;
    }
    Ok(())
}

async fn pick(postgres: &Postgres, accounts: u64, shares: &[f64], password: &str) -> Outcome<Vec<Pick>> {
    let keys = key_set(postgres.url()).await?;
    let statement = postgres.operator.prepare(PICK).await?;
    let mut picks = Vec::with_capacity(shares.len());
    for share in shares {
        let number = 1 + (share * accounts as f64) as i64;
        let Some(row) = postgres.operator.query_opt(&statement, &[&number]).await? else { continue };
        let session: Uuid = row.get::<_, String>(1).parse()?;
        picks.push(Pick::new(row.get(0), password, session, &keys));
    }
    Ok(picks)
}
