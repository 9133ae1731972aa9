//! Whether it stays as quick with millions of accounts: what is asked most, with many accounts and with few.
//!
//! ```text
//! cargo bench --bench growth
//! cargo bench --bench growth -- --accounts 200000 --small 10000
//! ```
//!
//! It makes two databases, each in a private PostgreSQL of its own, and fills them by the files of `seed/`: two sessions and an
//! event an account. On each it starts the release binary. Then it does the same on both by turns, prints medians and ratios, how each
//! statement is executed, and how long migrations keep others waiting, and stops and removes all of it. Ten million accounts take some
//! 25 GB of disk. A request that goes wrong, or a statement that reads a whole table that grows, makes the exit status 1. During
//! migrations failed requests are counted, and the run goes on.

mod caller;
mod cold;
mod keys;
mod migrations;
mod operations;
mod plans;
mod rounds;
mod seed;
mod side;
mod sizes;
#[path = "../support/mod.rs"]
mod support;
mod timing;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use portcullis::clock::Stopwatch;

use cold::chill;
use seed::seed;
use side::Side;
use support::Outcome;
use support::run::at_least_one;

/// The benchmark gives up after so long, and the more the more accounts there are.
const SLACK: Duration = Duration::from_secs(1200);
const SLOWEST: u64 = 5000;

/// Measures what grows with accounts.
#[derive(Parser)]
struct Arguments {
    /// Accounts of the large database.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    accounts: u64,
    /// Accounts of the small one.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    small: u64,
    /// Accounts that are asked about, of each database, spread over all of them.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(200..=5000))]
    picks: u16,
    /// How often it is their turn.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    rounds: usize,
    /// Requests of each kind in a round.
    #[arg(long, default_value_t = 100, value_parser = at_least_one)]
    requests: usize,
    /// `shared_buffers` of each PostgreSQL.
    #[arg(long, default_value = "2GB")]
    shared_buffers: String,
    /// Leaves the migrations out.
    #[arg(long)]
    no_migrations: bool,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = Duration::from_secs(arguments.accounts / SLOWEST) + SLACK;
    support::run::run("growth", longest, measure(arguments)).await
}

/// Measures and prints everything. Returns how many statements are executed in a way that grows, and requests failed during migrations.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let watch = Stopwatch::start();
    let shares = shares(arguments.picks.into());
    let small = seed("small", arguments.small, &shares).await?;
    let large = seed("large", arguments.accounts, &shares).await?;
    chill(small.directory.path())?;
    chill(large.directory.path())?;
    // Nobody waits for the disk, which takes as long for the one as for the other, and longer than all else.
    let settings = [("shared_buffers", arguments.shared_buffers.as_str()), ("synchronous_commit", "off")];

    let (mut small, mut large) = (Side::start(small, &settings).await?, Side::start(large, &settings).await?);
    rounds::cold(&mut small, &mut large).await?;
    let over = rounds::warm(&mut small, &mut large, (arguments.rounds, arguments.requests)).await?;
    for operation in &over {
        println!("over {}: {}", rounds::TARGET, operation.name());
    }
    let (small, large) = (small.stop().await?, large.stop().await?);

    let explaining = [settings.as_slice(), &plans::EXPLAINING].concat();
    let (small, _) = plans::observe(Side::start(small, &explaining).await?).await?;
    let (of_large, large) = plans::observe(Side::start(large, &explaining).await?).await?;
    let growing = plans::tell(&small, &of_large);

    let failed = if arguments.no_migrations {
        0
    } else {
        // Durable, as it is with everybody.
        migrations::migrate(Side::start(large, &settings[..1]).await?).await?
    };
    println!("\nall of it took {:.0} s", watch.elapsed().as_secs_f64());
    Ok(growing + failed)
}

/// So many numbers from 0 to 1, evenly spread, and in an order that goes back and forth.
fn shares(number: usize) -> Vec<f64> {
    const PRIME: usize = 7919;
    (0..number).map(|place| ((place * PRIME % number) as f64 + 0.5) / number as f64).collect()
}
