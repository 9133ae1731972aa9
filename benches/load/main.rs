//! Load on the release binary, over loopback, with the server and the load generator on different processors: how many requests a second
//! it answers, how long they take, what they cost, and what that is beside the least that they could cost.
//!
//! ```text
//! cargo bench --bench load
//! cargo bench --bench load -- --only requests,logins --rounds 3 --json load.json
//! ```
//!
//! It starts a private PostgreSQL in a fresh directory and servers on it, and stops and removes all in the end. The first half of the
//! processors has the server, PostgreSQL and what the server is compared with; the second has the generator. Each row is so many
//! keep-alive connections that each send the next request when the last is answered. Those that are compared take turns in rounds.
//! Any error makes the exit status 1; a target that is missed does not.

mod argon;
mod awake;
mod clients;
mod contender;
mod day;
mod machine;
mod meter;
mod parts;
mod peers;
mod report;
mod setting;
mod slice;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod update;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use portcullis::clock::Clock;

use parts::Part;
use peers::Peer;
use report::Report;
use setting::Setting;
use support::Outcome;
use support::processors::Processors;
use support::record::Record;
use support::run::at_least_one;

/// More than all parts take beside their turns.
const SLACK: Duration = Duration::from_secs(300);

/// Measures the server under load.
#[derive(Parser)]
struct Arguments {
    /// Seconds of each turn; those of logins are twice as long.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=20))]
    seconds: u64,
    /// How many turns each has.
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
    /// These parts alone.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Writes the figures into this file as well, for `benches/compare`.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Serves what the server is compared with.
    #[arg(long, hide = true, value_enum)]
    serve: Option<Peer>,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(peer) = arguments.serve {
        return peers::serve(peer);
    }
    let held = Processors::halves().and_then(|(server, generator)| {
        generator.hold()?;
        Ok((server, generator))
    });
    match held {
        Ok((server, generator)) => generate(arguments, server, generator),
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The runtime's threads are where the calling one is.
#[tokio::main]
async fn generate(arguments: Arguments, server: Processors, generator: Processors) -> ExitCode {
    let turns = 40 * arguments.rounds as u64 * arguments.seconds;
    support::run::run("load", Duration::from_secs(turns) + SLACK, measure(arguments, server, generator)).await
}

/// Measures and prints everything. Returns how many requests went wrong.
async fn measure(arguments: Arguments, server: Processors, generator: Processors) -> Outcome<usize> {
    let parts = if arguments.only.is_empty() { Part::value_variants() } else { &arguments.only };
    let mut record = Record {
        benchmark: "load".to_owned(),
        date: Clock::system().now().to_rfc3339(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: machine::commit(),
        machine: machine::this(&server, &generator)?,
        parts: parts.iter().filter_map(Part::to_possible_value).map(|part| part.get_name().to_owned()).collect(),
        seconds: arguments.seconds,
        rounds: arguments.rounds,
        rows: Vec::new(),
        ratios: Vec::new(),
    };
    table::head(&record);
    let setting = Setting::start(server, Duration::from_secs(arguments.seconds), arguments.rounds).await?;
    let mut report = Report::default();
    for part in parts {
        parts::measure(*part, &setting, &mut report).await?;
    }
    setting.stop().await?;
    table::ratios(&report.ratios);
    (record.rows, record.ratios) = (report.rows, report.ratios);
    if let Some(file) = arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&record)? + "\n")?;
    }
    Ok(report.errors)
}
