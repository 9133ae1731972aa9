//! How long a change of the schema takes, and how long those wait meanwhile who log in and refresh.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::task::JoinSet;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::caller::Caller;
use crate::operations::Operation;
use crate::side::Side;
use crate::support::Outcome;

const MIGRATIONS: &str = include_str!("migrations.sql");

/// As long as a start waits for a lock.
const BOUND: &str = "SET lock_timeout = '300ms'; SET statement_timeout = 0";
const UNBOUND: &str = "SET lock_timeout = 0; SET statement_timeout = 0";
const TRIES: usize = 100;
const BETWEEN: Duration = Duration::from_millis(500);

/// How long the load goes on without a change, for comparison.
const NOTHING: Duration = Duration::from_secs(20);

/// From when to when each request was under way, on one watch.
type Times = Arc<Mutex<Vec<(Duration, Duration)>>>;

/// Does the changes, one after the other, while one connection logs in and one refreshes.
pub(crate) async fn migrate(side: Side) -> Outcome {
    let watch = Stopwatch::start();
    let Side { caller, server, postgres, .. } = side;
    let (logins, refreshes) = caller.split().await?;
    let times = [Times::default(), Times::default()];
    let mut load = JoinSet::new();
    load.spawn(go_on(logins, Operation::Login, watch, times[0].clone()));
    load.spawn(go_on(refreshes, Operation::Refresh, watch, times[1].clone()));
    tokio::select! {
        changed = change(&postgres.operator, watch, &times) => changed?,
        Some(ended) = load.join_next() => return Err(ended?),
    }
    load.shutdown().await;
    server.stop().await?;
    postgres.stop().await
}

async fn change(operator: &Client, watch: Stopwatch, times: &[Times; 2]) -> Outcome {
    println!("\nwhile one connection logs in and one refreshes; the longest that was under way meanwhile");
    println!("{:>10}{:>7}{:>10}{:>12}  change", "seconds", "tries", "login ms", "refresh ms");
    let from = watch.elapsed();
    tokio::time::sleep(NOTHING).await;
    row("none", (from, watch.elapsed()), 0, times).await;
    for (name, statements) in kinds() {
        let from = watch.elapsed();
        let tries = run(operator, statements).await.map_err(|error| format!("{name}: {error}"))?;
        row(name, (from, watch.elapsed()), tries, times).await;
    }
    Ok(())
}

/// The paragraphs of the file that have a name and statements.
fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    MIGRATIONS.split("\n\n").filter_map(|paragraph| paragraph.strip_prefix("-- ")?.split_once('\n'))
}

/// As a start does it. Returns how often it was tried.
async fn run(operator: &Client, statements: &str) -> Outcome<usize> {
    let bound = if statements.contains(" CONCURRENTLY ") { UNBOUND } else { BOUND };
    operator.batch_execute(bound).await?;
    for tried in 1..=TRIES {
        match operator.batch_execute(statements).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => tokio::time::sleep(BETWEEN).await,
            ended => return Ok(ended.map(|()| tried)?),
        }
    }
    Err("it gets no lock".into())
}

async fn row(name: &str, during: (Duration, Duration), tries: usize, times: &[Times; 2]) {
    let mut longest = [0.0; 2];
    for (longest, times) in longest.iter_mut().zip(times) {
        *longest = longest_of(times, during).await.as_secs_f64() * 1000.0;
    }
    let [login, refresh] = longest;
    println!("{:10.3}{tries:7}{login:10.1}{refresh:12.1}  {name}", (during.1 - during.0).as_secs_f64());
}

/// How long that request took which took longest, of those that were under way between these moments.
async fn longest_of(times: &Times, (from, until): (Duration, Duration)) -> Duration {
    loop {
        let ended = {
            let times = times.lock().unwrap_or_else(PoisonError::into_inner);
            let is_over = times.last().is_some_and(|(began, _)| *began >= until);
            let meanwhile = times.iter().filter(|(began, ended)| *began < until && *ended > from);
            is_over.then(|| meanwhile.map(|(began, ended)| *ended - *began).max().unwrap_or_default())
        };
        match ended {
            Some(longest) => return longest,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Asks until something goes wrong.
async fn go_on(
    mut caller: Caller,
    operation: Operation,
    watch: Stopwatch,
    times: Times,
) -> Box<dyn Error + Send + Sync> {
    for number in 0.. {
        let began = watch.elapsed();
        if let Err(error) = caller.ask(operation, number).await {
            return error;
        }
        times.lock().unwrap_or_else(PoisonError::into_inner).push((began, watch.elapsed()));
    }
    "it never ends".into()
}
