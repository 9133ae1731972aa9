//! How long a change of the schema takes, and how long those wait meanwhile who log in and refresh.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// The pause of a caller whose request has failed.
const AGAIN: Duration = Duration::from_millis(100);

/// A request, on one watch.
struct Asked {
    began: Duration,
    ended: Duration,
    /// Why it failed.
    failure: Option<String>,
}

/// The requests of a connection.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<Asked>>>);

/// Does the changes, one after the other, while one connection logs in and one refreshes. Returns how many requests failed.
pub(crate) async fn migrate(side: Side) -> Outcome<usize> {
    let watch = Stopwatch::start();
    let Side { caller, server, postgres, .. } = side;
    let (logins, refreshes) = caller.split().await?;
    let requests = [Requests::default(), Requests::default()];
    let mut load = JoinSet::new();
    load.spawn(go_on(logins, Operation::Login, watch, requests[0].clone()));
    load.spawn(go_on(refreshes, Operation::Refresh, watch, requests[1].clone()));
    change(&postgres.operator, watch, &requests).await?;
    load.shutdown().await;
    server.stop().await?;
    postgres.stop().await?;
    Ok(tell_of_failures(&requests))
}

async fn change(operator: &Client, watch: Stopwatch, requests: &[Requests; 2]) -> Outcome {
    println!(
        "\nwhile one connection logs in and one refreshes; the longest that was under way meanwhile, and how many failed"
    );
    println!("{:>10}{:>7}{:>10}{:>12}{:>8}  change", "seconds", "tries", "login ms", "refresh ms", "failed");
    let from = watch.elapsed();
    tokio::time::sleep(NOTHING).await;
    row("none", (from, watch.elapsed()), 0, requests).await;
    for (name, statements) in kinds() {
        let from = watch.elapsed();
        let tries = run(operator, statements).await.map_err(|error| format!("{name}: {error}"))?;
        row(name, (from, watch.elapsed()), tries, requests).await;
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

async fn row(name: &str, during: (Duration, Duration), tries: usize, requests: &[Requests; 2]) {
    let (mut longest, mut failed) = ([0.0; 2], 0);
    for (longest, requests) in longest.iter_mut().zip(requests) {
        let (time, failures) = requests.meanwhile(during).await;
        *longest = time.as_secs_f64() * 1000.0;
        failed += failures;
    }
    let [login, refresh] = longest;
    let seconds = (during.1 - during.0).as_secs_f64();
    println!("{seconds:10.3}{tries:7}{login:10.1}{refresh:12.1}{failed:8}  {name}");
}

impl Requests {
    fn all(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of the requests that were under way between these moments: the time of the one that took longest, and how many failed.
    async fn meanwhile(&self, (from, until): (Duration, Duration)) -> (Duration, usize) {
        while self.all().last().is_none_or(|asked| asked.began < until) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let all = self.all();
        let meanwhile = all.iter().filter(|asked| asked.began < until && asked.ended > from);
        meanwhile.fold((Duration::ZERO, 0), |(longest, failed), asked| {
            (longest.max(asked.ended - asked.began), failed + usize::from(asked.failure.is_some()))
        })
    }
}

/// Asks until it is stopped, over another connection where one fails.
async fn go_on(mut caller: Caller, operation: Operation, watch: Stopwatch, requests: Requests) {
    for number in 0.. {
        let began = watch.elapsed();
        let failure = caller.ask(operation, number).await.err().map(|error| error.to_string());
        let has_failed = failure.is_some();
        requests.all().push(Asked { began, ended: watch.elapsed(), failure });
        if has_failed {
            tokio::time::sleep(AGAIN).await;
            // If it fails, so does the next request, which is counted.
            _ = caller.reconnect().await;
        }
    }
}

/// Prints why requests failed, and returns how many did.
fn tell_of_failures(requests: &[Requests]) -> usize {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for requests in requests {
        let failures = requests.all().iter().filter_map(|asked| asked.failure.clone()).collect::<Vec<_>>();
        failures.into_iter().for_each(|reason| *reasons.entry(reason).or_default() += 1);
    }
    for (reason, times) in &reasons {
        println!("failed, {times} times: {reason}");
    }
    reasons.values().sum()
}
