//! Clients that refresh the sessions that are theirs.

use std::time::Duration;

use portcullis::clock::Stopwatch;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::random::Random;

/// One connection, and the newest refresh tokens of its sessions.
pub(crate) struct Client {
    connection: Connection,
    tokens: Vec<String>,
    random: Random,
}

/// What became of the refreshes.
#[derive(Default)]
pub(crate) struct Report {
    /// Of each that was answered as expected; in ascending order in the end.
    pub(crate) latencies: Vec<Duration>,
    /// Those that sent a token a second time.
    pub(crate) repeated: usize,
    pub(crate) errors: usize,
    /// The first error, in words.
    pub(crate) error: Option<String>,
}

/// Opens the sessions, as evenly shared out as can be. Each connection has an account of its own.
pub(crate) async fn sign_in(address: &str, connections: usize, sessions: usize) -> Outcome<Vec<Client>> {
    let mut opening = JoinSet::new();
    for number in 0..connections.min(sessions) {
        let share = sessions / connections + usize::from(number < sessions % connections);
        let mut connection = Connection::open(address).await?;
        opening.spawn(async move {
            let account = Account::register(&mut connection, number).await?;
            let mut tokens = Vec::with_capacity(share);
            for _ in 0..share {
                tokens.push(account.login(&mut connection).await?.refresh_token);
            }
            Outcome::Ok(Client { connection, tokens, random: Random(number as u64) })
        });
    }
    let mut clients = Vec::with_capacity(connections);
    while let Some(client) = opening.join_next().await {
        clients.push(client??);
    }
    Ok(clients)
}

/// Sends so many refreshes, as evenly shared out as can be.
pub(crate) async fn refresh(clients: Vec<Client>, refreshes: usize) -> Outcome<Report> {
    let number = clients.len();
    let shares = (0..number).map(|index| refreshes / number + usize::from(index < refreshes % number));
    let mut running: JoinSet<Report> =
        clients.into_iter().zip(shares).map(|(client, share)| client.run(share)).collect();
    let mut all = Report::default();
    while let Some(report) = running.join_next().await {
        let report = report?;
        all.latencies.extend(report.latencies);
        all.repeated += report.repeated;
        all.errors += report.errors;
        all.error = all.error.or(report.error);
    }
    all.latencies.sort_unstable();
    Ok(all)
}

impl Client {
    /// Ends early at an error: the session's newest token is not known then.
    async fn run(mut self, refreshes: usize) -> Report {
        let mut report = Report { latencies: Vec::with_capacity(refreshes), ..Report::default() };
        if let Err(error) = self.send(refreshes, &mut report).await {
            report.errors += 1;
            report.error = Some(error.to_string());
        }
        report
    }

    async fn send(&mut self, refreshes: usize, report: &mut Report) -> Outcome {
        while report.latencies.len() < refreshes {
            let index = self.random.below(self.tokens.len() as u64) as usize;
            let token = self.tokens[index].clone();
            let next = self.next(&token, report).await?;
            if report.latencies.len() < refreshes && self.random.below(10) == 0 {
                report.repeated += 1;
                if self.next(&token, report).await? != next {
                    return Err("a repeated refresh brought another token".into());
                }
            }
            self.tokens[index] = next;
        }
        Ok(())
    }

    async fn next(&mut self, token: &str, report: &mut Report) -> Outcome<String> {
        let question = Question::refresh(token);
        let watch = Stopwatch::start();
        let answer = self.connection.ask(&question).await?.right()?;
        report.latencies.push(watch.elapsed());
        let next = answer.pointer("/data/refreshToken/tokens/refreshToken").and_then(Value::as_str);
        Ok(next.ok_or("no refresh token")?.to_owned())
    }
}
