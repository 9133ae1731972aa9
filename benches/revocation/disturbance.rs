//! What is done to the feed of changes.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

use crate::support::Outcome;

/// Longer than an instance needs to trust its memory again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    None,
    /// The instances that are asked have others to answer.
    Load,
    /// PostgreSQL ends the connections that listen.
    Kill,
    /// The processes behind those connections stand still, so the connections stay open and say nothing.
    Freeze,
}

const LISTENERS: &str = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %'";

/// The processes behind the connections that listen, once all instances do.
async fn listeners(operator: &Client) -> Outcome<Vec<i32>> {
    loop {
        let rows = operator.query(LISTENERS, &[]).await?;
        if rows.len() >= 3 {
            return Ok(rows.iter().map(|row| row.get(0)).collect());
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Processes that stand still until this is dropped.
pub(crate) struct Frozen(Vec<Pid>);

impl Disturbance {
    /// Does it to the feeds of all instances.
    pub(crate) async fn begin(self, operator: &Client) -> Outcome<Frozen> {
        let mut frozen = Frozen(Vec::new());
        if matches!(self, Self::None | Self::Load) {
            return Ok(frozen);
        }
        let pids = timeout(PATIENCE, listeners(operator)).await.map_err(|_| "not all instances listen")??;
        if self == Self::Kill {
            operator.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", &[&pids]).await?;
            return Ok(frozen);
        }
        for pid in pids.into_iter().filter_map(Pid::from_raw) {
            // One that was given up in the round before may have ended meanwhile.
            if kill_process(pid, Signal::STOP).is_ok() {
                frozen.0.push(pid);
            }
        }
        Ok(frozen)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}
