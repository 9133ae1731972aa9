use std::{
    process::{Child, ExitStatus},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tracing::warn;

use crate::clock::Stopwatch;

use super::EmbeddedError;

pub(super) const POLL: Duration = Duration::from_millis(20);

/// Fast shutdown, then immediate shutdown, then SIGKILL, with the time that each may take.
pub(super) const ESCALATION: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(15)),
    (Signal::QUIT, Duration::from_secs(6)),
    (Signal::KILL, Duration::from_secs(2)),
];

/// Longest time that each of these may take in a drop.
const DROP_LIMIT: Duration = Duration::from_secs(5);

/// The PostgreSQL that we started. It is stopped at the latest when this is dropped.
///
/// A child of std and not of tokio, because it must outlive the runtime on which it was started, and a drop must wait
/// for its end.
pub(super) struct Postmaster {
    child: Child,
    status: Option<ExitStatus>,
}

impl Postmaster {
    pub(super) fn new(child: Child) -> Self {
        Self { child, status: None }
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The exit status, if it has ended.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            // An error means that there is no such child any more, which can't be: only we wait for it.
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status
    }

    pub(super) async fn exited(&mut self) {
        while self.status().is_none() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for (signal, limit) in ESCALATION {
            let start = Stopwatch::start();
            self.signal(signal);
            while start.elapsed() < limit {
                if self.status().is_some() {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
            warn!(?signal, "the private PostgreSQL does not end");
        }
        Ok(())
    }

    /// The child has not been waited for, so the process number is still its own.
    fn signal(&mut self, signal: Signal) {
        if self.status().is_none()
            && let Err(error) = kill_process(self.pid(), signal)
        {
            warn!(?signal, %error, "can't signal the private PostgreSQL");
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        for (signal, limit) in ESCALATION {
            let start = Stopwatch::start();
            self.signal(signal);
            while start.elapsed() < limit.min(DROP_LIMIT) {
                if self.status().is_some() {
                    return;
                }
                std::thread::sleep(POLL);
            }
        }
    }
}
