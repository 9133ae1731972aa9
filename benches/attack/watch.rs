//! Somebody who asks for `me` while others attack.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::times::percentile;

/// Who uses the server meanwhile.
pub(crate) const USER: Ipv4Addr = Ipv4Addr::new(127, 9, 0, 1);

/// How often.
const EVERY: Duration = Duration::from_millis(10);

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Watch<'a> {
    address: &'a str,
    question: Question,
}

pub(crate) fn head() {
    println!("me, a hundred times a second; latencies in milliseconds");
    println!("{:20}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}", "during", "seconds", "asked", "missed", "p50", "p99", "max");
}

impl<'a> Watch<'a> {
    pub(crate) fn new(address: &'a str, account: &Account) -> Self {
        Self { address, question: Question::me(&account.session) }
    }

    /// Asks while `attack` is under way, and prints a row. Returns how often there was no right answer.
    pub(crate) async fn during<T>(&self, name: &str, attack: impl Future<Output = Outcome<T>>) -> Outcome<(usize, T)> {
        let mut latencies = Vec::new();
        let mut missed = 0;
        let watch = Stopwatch::start();
        let outcome = tokio::select! {
            outcome = attack => outcome?,
            error = self.ask(&mut latencies, &mut missed) => return Err(error),
        };
        latencies.sort_unstable();
        println!(
            "{name:20}{:8.1}{:8}{missed:10}{:10.2}{:10.2}{:10.2}",
            watch.elapsed().as_secs_f64(),
            latencies.len(),
            percentile(&latencies, 0.5),
            percentile(&latencies, 0.99),
            percentile(&latencies, 1.0),
        );
        Ok((missed, outcome))
    }

    async fn ask(&self, latencies: &mut Vec<Duration>, missed: &mut usize) -> Box<dyn std::error::Error + Send + Sync> {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let mut connection = match Connection::open_from(USER, self.address).await {
                Ok(connection) => connection,
                Err(error) => return error,
            };
            // A connection is good for some time: as with everybody, the server may close it.
            loop {
                ticks.tick().await;
                let watch = Stopwatch::start();
                let answered = tokio::time::timeout(PATIENCE, connection.ask(&self.question)).await;
                match answered.map(|answer| answer.and_then(|answer| answer.right())) {
                    Ok(Ok(_)) => latencies.push(watch.elapsed()),
                    Ok(Err(error)) if error.is::<hyper::Error>() => break,
                    Ok(Err(_)) | Err(_) => *missed += 1,
                }
            }
        }
    }
}
