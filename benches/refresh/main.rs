//! Many refreshes on few sessions: how many a second, and what they leave in the database.
//!
//! ```text
//! cargo bench --bench refresh
//! cargo bench --bench refresh -- --sessions 1000 --refreshes 1000000
//! cargo bench --bench refresh -- --fillfactor 100
//! ```
//!
//! It starts a private PostgreSQL with the server's own settings (durable, autovacuum on) in a fresh directory and the release
//! binary on it, and stops and removes both in the end. The sessions are shared out among keep-alive connections, each of which
//! picks one of its own at random and refreshes it with the newest token. Every tenth time, at random, it acts like a client
//! that lost the answer: it sends that token again, and must get the same one as before. The random numbers are the same in
//! each run. Any error makes the exit status 1.

mod clients;
mod sizes;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use portcullis::clock::Stopwatch;

use support::Outcome;
use support::directory::Directory;
use support::postgres::Postgres;
use support::run::at_least_one;
use support::server::{CHEAP, SECRET, Server};
use support::times::percentile;

/// Fewer refreshes a second than this, and the benchmark gives up.
const SLOWEST: u64 = 100;
/// How much longer everything around the refreshes may take.
const SLACK: Duration = Duration::from_secs(180);

/// Measures refreshes and what they leave behind.
#[derive(Parser)]
struct Arguments {
    /// Sessions that are refreshed.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    sessions: usize,
    /// Refreshes of all sessions together, those that repeat one included.
    #[arg(long, default_value_t = 1_000_000, value_parser = at_least_one)]
    refreshes: usize,
    /// Keep-alive connections that send them.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    connections: usize,
    /// Sets this fill factor on the table before there is a session; the migrations' own otherwise.
    #[arg(long, value_parser = clap::value_parser!(u8).range(10..=100))]
    fillfactor: Option<u8>,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = Duration::from_secs(arguments.refreshes as u64 / SLOWEST) + SLACK;
    support::run::run("refresh", longest, measure(arguments)).await
}

/// Measures and prints everything. Returns how many requests went wrong.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let directory = Directory::make("refresh")?;
    let postgres = Postgres::start(&directory).await?;
    let server = Server::start(&[("DATABASE_URL", postgres.url()), SECRET, CHEAP[0], CHEAP[1]]).await?;
    if let Some(percent) = arguments.fillfactor {
        postgres.operator.batch_execute(&format!("ALTER TABLE sessions SET (fillfactor = {percent})")).await?;
    }
    let clients = clients::sign_in(&server.address, arguments.connections, arguments.sessions).await?;
    println!("{} sessions, {} connections", arguments.sessions, arguments.connections);
    sizes::head();
    sizes::row("before", &postgres.operator).await?;

    let watch = Stopwatch::start();
    let refreshing = clients::refresh(clients, arguments.refreshes);
    let report = tokio::select! {
        report = refreshing => report?,
        error = sizes::watch(&postgres.operator) => return Err(error),
    };
    let seconds = watch.elapsed().as_secs_f64();

    server.stop().await?;
    sizes::settle(&postgres.operator).await?;
    sizes::row("after", &postgres.operator).await?;
    let latencies = &report.latencies;
    println!(
        "\n{} refreshes, {} of them repeated ones, in {seconds:.0} s: {:.0} a second, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; \
         {} errors",
        latencies.len(),
        report.repeated,
        latencies.len() as f64 / seconds,
        percentile(latencies, 0.5),
        percentile(latencies, 0.99),
        percentile(latencies, 1.0),
        report.errors,
    );
    if let Some(error) = report.error {
        println!("  such as: {error}");
    }
    postgres.stop().await?;
    Ok(report.errors)
}
