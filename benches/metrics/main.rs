//! What measuring costs: the processor time of a `me` with metrics and without.
//!
//! ```text
//! cargo bench --bench metrics
//! cargo bench --bench metrics -- --pairs 40 --requests 40000 --metrics-off
//! ```
//!
//! It starts two servers on one private PostgreSQL, one of which has `PORTCULLIS_METRICS_LISTEN`, and stops and removes all in the end. In
//! each pair both get so many requests in turn, over keep-alive connections that each send the next request when the last is answered,
//! and the one that is first alternates. What a server costs is the time that the kernel says its threads have run, divided by the
//! requests: neighbours that take the processor away change it less than requests a second. The ratio of a pair is the cost without
//! metrics divided by that with metrics. With `--metrics-off` neither has metrics, which shows what the noise is. Any error makes
//! the exit status 1.

#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::task::JoinSet;

use support::Outcome;
use support::client::{self, Answer, Connection, Question};
use support::directory::Directory;
use support::postgres::Postgres;
use support::run::at_least_one;
use support::server::{CHEAP, SECRET, Server};

const ACCOUNTS: usize = 4;
/// Fewer requests a second than this, and the benchmark gives up.
const SLOWEST: usize = 500;
const SLACK: Duration = Duration::from_secs(120);

/// Measures what measuring costs.
#[derive(Parser)]
struct Arguments {
    /// How often both servers are loaded.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    pairs: usize,
    /// Requests to each of them in a pair.
    #[arg(long, default_value_t = 20_000, value_parser = at_least_one)]
    requests: usize,
    /// Keep-alive connections that send them.
    #[arg(long, default_value_t = 8, value_parser = at_least_one)]
    connections: usize,
    /// Compares two servers without metrics.
    #[arg(long)]
    metrics_off: bool,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let longest = Duration::from_secs((2 * arguments.pairs * arguments.requests / SLOWEST) as u64) + SLACK;
    support::run::run("metrics", longest, measure(arguments)).await
}

/// Measures and prints everything. Returns how many requests went wrong.
async fn measure(arguments: Arguments) -> Outcome<usize> {
    let directory = Directory::make("metrics")?;
    let postgres = Postgres::start(&directory).await?;
    let without = [("DATABASE_URL", postgres.url()), SECRET, CHEAP[0], CHEAP[1]];
    let with = [without.as_slice(), &[("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0")]].concat();
    let off = Server::start(&without).await?;
    let on = Server::start(if arguments.metrics_off { &without } else { &with }).await?;
    let accounts = client::register(&off.address, ACCOUNTS).await?;
    let questions: Vec<_> = accounts.iter().map(|account| Question::me(&account.session)).collect();

    let (mut off_load, mut on_load) = (
        Load::of(&off, &questions, arguments.connections).await?,
        Load::of(&on, &questions, arguments.connections).await?,
    );
    // Caches fill, and connections open.
    off_load.run(arguments.requests).await?;
    on_load.run(arguments.requests).await?;
    let mut pairs = Vec::with_capacity(arguments.pairs);
    for number in 0..arguments.pairs {
        let (off, on) = if number % 2 == 0 {
            let off = off_load.run(arguments.requests).await?;
            (off, on_load.run(arguments.requests).await?)
        } else {
            let on = on_load.run(arguments.requests).await?;
            (off_load.run(arguments.requests).await?, on)
        };
        pairs.push((off, on));
    }
    let errors = off_load.errors + on_load.errors;
    tell(&pairs);
    drop((off_load, on_load));
    on.stop().await?;
    off.stop().await?;
    postgres.stop().await?;
    Ok(errors)
}

/// A server that is asked again and again.
struct Load<'a> {
    server: &'a Server,
    connections: Vec<(Connection, Question)>,
    errors: usize,
}

impl<'a> Load<'a> {
    async fn of(server: &'a Server, questions: &[Question], number: usize) -> Outcome<Self> {
        let mut connections = Vec::with_capacity(number);
        for question in questions.iter().cycle().take(number) {
            connections.push((Connection::open(&server.address).await?, question.clone()));
        }
        Ok(Self { server, connections, errors: 0 })
    }

    /// Sends so many requests. Returns the microseconds of processor time that each took.
    async fn run(&mut self, requests: usize) -> Outcome<f64> {
        let of_each = requests.div_ceil(self.connections.len());
        let before = self.server.processor_time()?;
        let mut tasks = JoinSet::new();
        for (mut connection, question) in self.connections.drain(..) {
            tasks.spawn(async move {
                let mut errors = 0;
                for _ in 0..of_each {
                    errors += usize::from(!matches!(connection.ask(&question).await?, Answer::Right(_)));
                }
                Outcome::Ok((connection, question, errors))
            });
        }
        while let Some(ended) = tasks.join_next().await {
            let (connection, question, errors) = ended??;
            self.connections.push((connection, question));
            self.errors += errors;
        }
        let taken = self.server.processor_time()? - before;
        Ok(taken.as_secs_f64() * 1e6 / (of_each * self.connections.len()) as f64)
    }
}

fn tell(pairs: &[(f64, f64)]) {
    let quartiles = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let mut sorted: Vec<_> = pairs.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: usize| sorted.get(sorted.len() * share / 4).copied().unwrap_or(f64::NAN);
        (at(1), at(2), at(3))
    };
    println!("{} pairs; quartiles", pairs.len());
    let row =
        |name: &str, (low, middle, high): (f64, f64, f64)| println!("{name:<28} {low:>8.3} {middle:>8.3} {high:>8.3}");
    row("us a request, off", quartiles(&|(off, _)| *off));
    row("us a request, on", quartiles(&|(_, on)| *on));
    row("ratio of a pair, off / on", quartiles(&|(off, on)| off / on));
}
