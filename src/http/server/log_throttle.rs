//! Throttles log lines that any client can cause.

use std::time::Duration;

use crate::clock::Stopwatch;

/// How long such a line is held back at most.
const PAUSE: Duration = Duration::from_secs(60);

/// Lets one of many equal lines through, and counts the others.
#[derive(Default)]
pub(crate) struct LogThrottle {
    last: Option<Stopwatch>,
    kept_back: u64,
}

impl LogThrottle {
    /// The number of lines that were held back since the last one, if a line is due.
    pub(crate) fn due(&mut self) -> Option<u64> {
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            self.kept_back += 1;
            return None;
        }
        self.last = Some(Stopwatch::start());
        Some(std::mem::take(&mut self.kept_back))
    }
}
