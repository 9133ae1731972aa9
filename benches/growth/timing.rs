//! Doing one of them once, and how long that takes.

use std::time::Duration;

use portcullis::clock::Stopwatch;

use crate::operations::Operation;
use crate::side::Side;
use crate::support::Outcome;

impl Side {
    /// Does it once, for the pick of this number, and says how long that took.
    pub(crate) async fn time(&mut self, operation: Operation, number: usize) -> Outcome<Duration> {
        match operation {
            Operation::Search => self.search(number).await,
            Operation::CleanUpSessions => {
                let position = self.positions[number % self.positions.len()];
                let step = format!("EXECUTE growth_sessions('{position}', now(), 86400, 14 * 86400)");
                self.undone(&step).await
            }
            Operation::CleanUpEvents => {
                self.undone("EXECUTE growth_events(now() - interval '2 days', now(), 1000)").await
            }
            _ => self.caller.ask(operation, number).await,
        }
    }

    /// For the first names and surnames of picks; some hundred people have the same.
    async fn search(&self, number: usize) -> Outcome<Duration> {
        let email = self.caller.email(number);
        let prefix = email.trim_end_matches(|c| c != '@').trim_end_matches(|c| c != '.');
        let watch = Stopwatch::start();
        let found = self.postgres.operator.query(&self.search, &[&prefix]).await?;
        let taken = watch.elapsed();
        if found.is_empty() { Err(format!("nobody's address begins with {prefix}").into()) } else { Ok(taken) }
    }

    /// Clears away and rolls back, so that the same is left for the next time.
    async fn undone(&self, statement: &str) -> Outcome<Duration> {
        let operator = &self.postgres.operator;
        operator.batch_execute("BEGIN").await?;
        let watch = Stopwatch::start();
        operator.batch_execute(statement).await?;
        let taken = watch.elapsed();
        operator.batch_execute("ROLLBACK").await?;
        Ok(taken)
    }
}
