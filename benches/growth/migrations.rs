//! How long a change of the schema takes, and how long those wait meanwhile who log in and refresh, alone and at full load.

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

/// How many connections log in, and how many refresh: so few that each request is alone, and so many that the processors are busy.
const CONNECTIONS: [usize; 2] = [1, 16];

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

/// What goes on beside the changes: logins with the least hash that can be set, and refreshes, each over connections of its own.
struct Load {
    watch: Stopwatch,
    asked: [Vec<Requests>; 2],
    asking: JoinSet<()>,
}

/// Does the changes, one after the other, under each load. Returns how many requests failed.
pub(crate) async fn migrate(side: Side) -> Outcome<usize> {
    let Side { caller, server, postgres, .. } = side;
    let mut failed = 0;
    for (caller, connections) in caller.split(CONNECTIONS.len()).await?.into_iter().zip(CONNECTIONS) {
        let load = Load::begin(caller.split(2 * connections).await?);
        println!(
            "\nwhile {connections} connections log in (least hash) and {connections} refresh; the longest request that was under way \
             meanwhile, how many a second, and how many failed"
        );
        change(&postgres.operator, &load).await?;
        failed += load.end().await;
    }
    server.stop().await?;
    postgres.stop().await?;
    Ok(failed)
}

async fn change(operator: &Client, load: &Load) -> Outcome {
    println!(
        "{:>10}{:>7}{:>10}{:>10}{:>12}{:>12}{:>8}  change",
        "seconds", "tries", "login ms", "logins/s", "refresh ms", "refreshes/s", "failed"
    );
    let from = load.watch.elapsed();
    tokio::time::sleep(NOTHING).await;
    load.row("none", (from, load.watch.elapsed()), 0).await;
    for (name, statements) in kinds() {
        let from = load.watch.elapsed();
        let tries = run(operator, statements).await.map_err(|error| format!("{name}: {error}"))?;
        load.row(name, (from, load.watch.elapsed()), tries).await;
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

impl Load {
    /// Half of them log in, and half refresh.
    fn begin(callers: Vec<Caller>) -> Self {
        let (watch, mut asked, mut asking) = (Stopwatch::start(), [Vec::new(), Vec::new()], JoinSet::new());
        for (place, caller) in callers.into_iter().enumerate() {
            let (operation, requests) = ([Operation::Login, Operation::Refresh][place % 2], Requests::default());
            asked[place % 2].push(requests.clone());
            asking.spawn(go_on(caller, operation, watch, requests));
        }
        Self { watch, asked, asking }
    }

    async fn row(&self, name: &str, during: (Duration, Duration), tries: usize) {
        let seconds = (during.1 - during.0).as_secs_f64();
        let (mut longest, mut rate, mut failed) = ([0.0_f64; 2], [0.0; 2], 0);
        for (kind, connections) in self.asked.iter().enumerate() {
            for requests in connections {
                let meanwhile = requests.meanwhile(during).await;
                longest[kind] = longest[kind].max(meanwhile.longest.as_secs_f64() * 1000.0);
                rate[kind] += meanwhile.ended as f64 / seconds;
                failed += meanwhile.failed;
            }
        }
        let ([login, refresh], [logins, refreshes]) = (longest, rate);
        println!("{seconds:10.3}{tries:7}{login:10.1}{logins:10.0}{refresh:12.1}{refreshes:12.0}{failed:8}  {name}");
    }

    /// Ends it, prints why requests failed, and returns how many did.
    async fn end(mut self) -> usize {
        self.asking.shutdown().await;
        tell_of_failures(self.asked.iter().flatten())
    }
}

/// Of the requests that were under way between two moments.
#[derive(Default)]
struct Meanwhile {
    longest: Duration,
    /// How many were answered between them.
    ended: usize,
    failed: usize,
}

impl Requests {
    fn all(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn meanwhile(&self, (from, until): (Duration, Duration)) -> Meanwhile {
        while self.all().last().is_none_or(|asked| asked.began < until) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut meanwhile = Meanwhile::default();
        for asked in self.all().iter().filter(|asked| asked.began < until && asked.ended > from) {
            meanwhile.longest = meanwhile.longest.max(asked.ended - asked.began);
            meanwhile.ended += usize::from(asked.ended <= until);
            meanwhile.failed += usize::from(asked.failure.is_some());
        }
        meanwhile
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
fn tell_of_failures<'a>(requests: impl Iterator<Item = &'a Requests>) -> usize {
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
