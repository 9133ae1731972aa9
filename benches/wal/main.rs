//! What the operations cost PostgreSQL: statements, transaction ids, and bytes of the write-ahead log.
//!
//! ```text
//! cargo bench --bench wal
//! cargo bench --bench wal -- --people 200
//! ```
//!
//! It starts a private PostgreSQL with `pg_stat_statements` in a fresh directory and the release binary on it, and stops and removes both
//! in the end. Only the time that PostgreSQL runs depends on the machine, and nothing on the build, so `--profile dev` does as well. Every person has an account of
//! their own with others between them, so that no two change the same page of a table, nor of most indexes. Each operation is measured
//! without full pages, which is what it costs once its pages have been written since the last checkpoint, and right after a checkpoint,
//! when it is the first to change them. Limits are on, and so wide that they refuse nobody.

mod database;
mod operations;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use database::{Costs, Database};
use support::Outcome;
use support::client::Connection;
use support::directory::Directory;
use support::run::at_least_one;
use support::server::{CHEAP, SECRET, Server};

const LONGEST: Duration = Duration::from_secs(600);
/// How long a server without requests is watched.
const QUIET: Duration = Duration::from_secs(20);
const WIDE: &str = "1000000/1s";

/// Measures what operations cost PostgreSQL.
#[derive(Parser)]
struct Arguments {
    /// People, each of whom does everything twice.
    #[arg(long, default_value_t = 500, value_parser = at_least_one)]
    people: usize,
    /// Accounts that are added after each of them.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i32).range(0..))]
    between: i32,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    support::run::run("wal", LONGEST, measure(arguments)).await
}

async fn measure(arguments: Arguments) -> Outcome<usize> {
    let directory = Directory::make("wal")?;
    let embedded = Database::start(&directory).await?;
    let settings = [
        ("DATABASE_URL", embedded.url()),
        SECRET,
        CHEAP[0],
        CHEAP[1],
        ("PORTCULLIS_RATE_LIMITS", "on"),
        ("PORTCULLIS_LIMIT_REQUESTS", WIDE),
        ("PORTCULLIS_LIMIT_ATTEMPTS", WIDE),
        ("PORTCULLIS_LIMIT_LOGIN_ADDRESS", WIDE),
        ("PORTCULLIS_LIMIT_REGISTER", WIDE),
    ];
    let server = Server::start(&settings).await?;
    let database = Database::open(embedded).await?;
    let mut connection = Connection::open(&server.address).await?;
    let mut people = operations::seed(&database, &mut connection, arguments.people, arguments.between).await?;
    sizes(&database).await?;
    database.spread().await?;

    let (number, few) = (people.len(), people.len().div_ceil(5));
    head();
    let mut new = Vec::new();
    for full in [false, true] {
        database.set_full_pages(full).await?;
        let costs = database.costs(number, operations::log_in(&mut connection, &people, &mut new)).await?;
        row("login", full, &costs)?;
    }
    for full in [false, true] {
        database.set_full_pages(full).await?;
        let costs = database.costs(number, operations::refresh(&mut connection, &mut people)).await?;
        row("refresh", full, &costs)?;
    }
    let costs = database.costs(number, operations::me(&mut connection, &new[..number])).await?;
    row("me, not remembered", false, &costs)?;
    for (which, full) in [false, true].into_iter().enumerate() {
        database.set_full_pages(full).await?;
        let costs = database.costs(number, operations::log_out(&mut connection, &people, which)).await?;
        row("logout", full, &costs)?;
    }
    for full in [false, true] {
        database.set_full_pages(full).await?;
        let costs = database.costs(few, operations::register_all(&mut connection, few)).await?;
        row("register", full, &costs)?;
    }
    drop(connection);
    let costs = database.costs(QUIET.as_secs() as usize, async {
        tokio::time::sleep(QUIET).await;
        Ok(())
    });
    row("a second of a quiet instance", false, &costs.await?)?;
    server.stop().await?;
    database.stop().await?;
    Ok(0)
}

fn head() {
    println!(
        "\n{:30}{:>12}{:>11}{:>9}{:>17}{:>11}{:>12}{:>13}",
        "one", "pages", "statements", "planned", "transaction ids", "WAL bytes", "full pages", "processor us"
    );
}

/// Fails if full pages were written that should not have been. Some splits of an index write one in any case.
fn row(name: &str, full: bool, costs: &Costs) -> Outcome {
    let Costs { statements, plans, transaction_ids, wal_bytes, full_pages, processor_micros } = costs;
    println!(
        "{name:30}{:>12}{statements:11.2}{plans:9.2}{transaction_ids:17.2}{wal_bytes:11.0}{full_pages:12.2}{processor_micros:13.0}",
        if full { "untouched" } else { "written" }
    );
    if !full && *full_pages > 0.1 { Err("full pages were written".into()) } else { Ok(()) }
}

/// Bytes of a row, its indexes included.
async fn sizes(database: &Database) -> Outcome {
    println!("{:16}{:>10}{:>16}{:>16}", "table", "rows", "bytes a row", "of indexes");
    for table in ["accounts", "passwords", "sessions", "audit_events"] {
        let query = format!(
            "SELECT count(*), pg_total_relation_size('{table}')::float8, pg_indexes_size('{table}')::float8 FROM {table}"
        );
        let row = database.superuser.query_one(&query, &[]).await?;
        let rows: i64 = row.get(0);
        let [all, indexes] = [1, 2].map(|column| row.get::<_, f64>(column) / rows as f64);
        println!("{table:16}{rows:10}{all:16.0}{indexes:16.0}");
    }
    Ok(())
}
