//! What is read of processes before and after a load.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::support::{Outcome, memory, processor_time};

/// Whose time and memory are measured.
#[derive(Clone)]
pub(crate) struct Meter {
    pub(crate) server: Server,
    /// PostgreSQL's first process, if it has a part in it.
    pub(crate) postgres: Option<u32>,
}

#[derive(Clone)]
pub(crate) enum Server {
    Process(u32),
    /// Threads of this process.
    Threads(Arc<Mutex<Vec<i32>>>),
}

/// How long they have run.
pub(crate) struct Spent {
    pub(crate) server: Duration,
    pub(crate) postgres: Option<Duration>,
}

impl Meter {
    pub(crate) fn read(&self) -> Outcome<Spent> {
        let server = match &self.server {
            Server::Process(process) => processor_time::of(*process)?,
            Server::Threads(threads) => {
                processor_time::of_threads(&threads.lock().unwrap_or_else(PoisonError::into_inner))?
            }
        };
        Ok(Spent { server, postgres: self.postgres.map(processor_time::of_family).transpose()? })
    }

    pub(crate) fn forget_peak(&self) -> Outcome {
        match self.server {
            Server::Process(process) => memory::forget_peak(process),
            Server::Threads(_) => Ok(()),
        }
    }

    /// In MiB.
    pub(crate) fn peak(&self) -> Outcome<Option<f64>> {
        match self.server {
            Server::Process(process) => memory::peak(process).map(Some),
            Server::Threads(_) => Ok(None),
        }
    }
}

impl Spent {
    pub(crate) fn since(&self, before: &Self) -> Self {
        let postgres = self.postgres.zip(before.postgres).map(|(after, before)| after.saturating_sub(before));
        Self { server: self.server.saturating_sub(before.server), postgres }
    }
}
