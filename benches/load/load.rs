//! Closed loops: each connection sends the next request when the last is answered.

use std::sync::Arc;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::task::JoinSet;

use crate::support::Outcome;
use crate::support::client::{Answer, Connection, Question};
use crate::support::passkey::Passkey;
use crate::support::times;

/// What is sent, and on how many connections.
pub(crate) struct Load {
    name: &'static str,
    connections: usize,
    /// Connection n makes exchange n modulo their number.
    exchanges: Vec<Exchange>,
}

/// What a connection does again and again.
#[derive(Clone)]
enum Exchange {
    Question(Question),
    SignIn(Arc<Passkey>),
}

/// What became of a load.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    /// SERVER_BUSY: what a storm must expect, an error for everybody else.
    pub(crate) busy: usize,
    pub(crate) errors: usize,
    /// The first error, in words.
    pub(crate) error: Option<String>,
    /// How long requests were sent.
    duration: Duration,
    /// As expected, and before that time was over: what comes later may come faster, with no other load beside it.
    in_time: usize,
    /// Of all requests that were answered as expected, in ascending order.
    latencies: Vec<Duration>,
}

impl Load {
    pub(crate) fn new(name: &'static str, connections: usize, questions: Vec<Question>) -> Self {
        Self { name, connections, exchanges: questions.into_iter().map(Exchange::Question).collect() }
    }

    /// Signs in by these passkeys. Each sign-in is two requests that count as one.
    pub(crate) fn by_passkey(name: &'static str, connections: usize, passkeys: &[Arc<Passkey>]) -> Self {
        Self { name, connections, exchanges: passkeys.iter().cloned().map(Exchange::SignIn).collect() }
    }

    /// The loops' connections, opened and used once.
    async fn connect(&self, address: &str) -> Outcome<Vec<Connection>> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let mut connection = Connection::open(address).await?;
            connection.ask(&Question::typename()).await?;
            connections.push(connection);
        }
        Ok(connections)
    }
}

impl Exchange {
    async fn ask(&self, connection: &mut Connection) -> Outcome<Answer> {
        match self {
            Self::Question(question) => connection.ask(question).await,
            Self::SignIn(passkey) => passkey.sign_in(connection).await,
        }
    }
}

impl Report {
    fn of(load: &Load, duration: Duration) -> Self {
        Self {
            name: load.name,
            connections: load.connections,
            requests: 0,
            busy: 0,
            errors: 0,
            error: None,
            duration,
            in_time: 0,
            latencies: Vec::new(),
        }
    }

    fn error(&mut self, why: String) {
        self.errors += 1;
        self.error.get_or_insert(why);
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.busy += other.busy;
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
        self.in_time += other.in_time;
        self.latencies.extend(other.latencies);
    }

    /// Requests a second that were answered as expected.
    pub(crate) fn rate(&self) -> f64 {
        self.in_time as f64 / self.duration.as_secs_f64()
    }

    /// The latency, in milliseconds, that this share of the requests did not exceed; not a number if none was answered.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        times::percentile(&self.latencies, share)
    }
}

/// Runs the load for `duration`.
pub(crate) async fn run(address: &str, load: Load, duration: Duration) -> Outcome<Report> {
    let mut report = Report::of(&load, duration);
    let connections = load.connect(address).await?;
    let exchanges = load.exchanges.iter().cycle().cloned();
    let watch = Stopwatch::start();
    let mut loops: JoinSet<Report> = connections
        .into_iter()
        .zip(exchanges)
        .map(|(connection, exchange)| ask(watch, connection, exchange, Report::of(&load, duration)))
        .collect();
    while let Some(ended) = loops.join_next().await {
        report.add(ended?);
    }
    report.latencies.sort_unstable();
    Ok(report)
}

/// One connection's loop. It ends early when the connection is lost.
async fn ask(watch: Stopwatch, mut connection: Connection, exchange: Exchange, mut report: Report) -> Report {
    while watch.elapsed() < report.duration {
        report.requests += 1;
        let asked = Stopwatch::start();
        let answer = exchange.ask(&mut connection).await;
        let latency = asked.elapsed();
        match answer {
            Ok(Answer::Right(_)) => {
                report.latencies.push(latency);
                report.in_time += usize::from(watch.elapsed() <= report.duration);
            }
            Ok(Answer::Busy) => report.busy += 1,
            Ok(Answer::Revoked) => report.error("SESSION_REVOKED".to_owned()),
            Ok(Answer::Wrong(why)) => report.error(why),
            Err(error) => {
                report.error(error.to_string());
                break;
            }
        }
    }
    report
}
