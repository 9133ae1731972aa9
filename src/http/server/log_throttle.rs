//! Log lines that anybody out there can cause.

use std::time::Duration;

use crate::clock::Stopwatch;

/// Longest that such a line is kept back.
const PAUSE: Duration = Duration::from_secs(60);

/// Lets one of many equal lines through, and counts the others.
#[derive(Default)]
pub(crate) struct LogThrottle {
    last: Option<Stopwatch>,
    kept_back: u64,
}

impl LogThrottle {
    /// If a line is due: how many were kept back since the last one.
    pub(crate) fn due(&mut self) -> Option<u64> {
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            self.kept_back += 1;
            return None;
        }
        self.last = Some(Stopwatch::start());
        Some(std::mem::take(&mut self.kept_back))
    }
}
