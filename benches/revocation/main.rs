//! Three instances on one database: how long a session that was ended on one is still accepted by the others.
//!
//! ```text
//! cargo bench --bench revocation
//! cargo bench --bench revocation -- --rounds 500 --disturbed-rounds 30
//! ```
//!
//! It starts a private PostgreSQL in a fresh directory and three release binaries on it, and stops and removes all of it in the
//! end. In each round somebody signs in on the first instance and asks `me` of the two others until they answer from memory.
//! Then the session is logged out on the first, and from the answer on, each of the others is asked `me` every millisecond until
//! it refuses. The time of a round is that of the later refusal. Rows differ in what is done to the feed of changes just
//! before the logout, and in the way to the database. A request that was sent later after the answer than the heartbeat allows
//! and was accepted all the same makes the exit status 1, and so does any error.

mod disturbance;
mod instances;
mod pgbouncer;
mod round;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use disturbance::Disturbance;
use instances::{Instances, LIMIT};
use pgbouncer::PgBouncer;
use round::Memory;
use support::Outcome;
use support::directory::Directory;
use support::postgres::Postgres;
use support::run::at_least_one;

/// Longer than a round takes: what a client of a slow machine waits for, and the limit and the return of the feed.
const ROUND: Duration = Duration::from_millis(300);
const DISTURBED_ROUND: Duration = Duration::from_secs(8);
/// How much longer than its rounds the whole run may take.
const SLACK: Duration = Duration::from_secs(180);

/// Measures how soon the end of a session is known to all.
#[derive(Parser)]
struct Arguments {
    /// Rounds of the rows in which the feed is left alone.
    #[arg(long, default_value_t = 500, value_parser = at_least_one)]
    rounds: usize,
    /// Rounds of the others; each takes some seconds.
    #[arg(long, default_value_t = 30, value_parser = at_least_one)]
    disturbed_rounds: usize,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rounds = ROUND * u32::try_from(4 * arguments.rounds).unwrap_or(u32::MAX);
    let disturbed = DISTURBED_ROUND * u32::try_from(2 * arguments.disturbed_rounds).unwrap_or(u32::MAX);
    support::run::run("revocation", rounds + disturbed + SLACK, measure(arguments)).await
}

/// Measures and prints everything. Returns how many acceptances came too late.
async fn measure(Arguments { rounds, disturbed_rounds, .. }: Arguments) -> Outcome<usize> {
    let directory = Directory::make("revocation")?;
    let postgres = Postgres::start(&directory).await?;
    table::head(LIMIT);

    let mut direct = Instances::start(&postgres, 0, &[("DATABASE_URL", postgres.url())]).await?;
    let mut late = direct.row("nothing is disturbed", rounds, Disturbance::None, Memory::Used).await?;
    late += direct.row("both are busy with me", rounds, Disturbance::Load, Memory::Used).await?;
    late += direct.row("listeners killed", disturbed_rounds, Disturbance::Kill, Memory::Used).await?;
    late += direct.row("listeners frozen", disturbed_rounds, Disturbance::Freeze, Memory::Used).await?;
    direct.stop().await?;

    if let Some(bouncer) = PgBouncer::before(&postgres, &directory).await? {
        let pooled = ("DATABASE_URL", bouncer.url());
        let past = ("PORTCULLIS_DATABASE_DIRECT_URL", postgres.url());
        let mut instances = Instances::start(&postgres, 1, &[pooled, past]).await?;
        late += instances.row("PgBouncer, feed past it", rounds, Disturbance::None, Memory::Used).await?;
        instances.stop().await?;
        let mut instances = Instances::start(&postgres, 2, &[pooled]).await?;
        late += instances.row("PgBouncer, no feed", rounds, Disturbance::None, Memory::Unused).await?;
        instances.stop().await?;
    } else {
        println!("NOT MEASURED: PgBouncer is not installed (Debian: apt-get install pgbouncer)");
    }
    postgres.stop().await?;
    Ok(late)
}
