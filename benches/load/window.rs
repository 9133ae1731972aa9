//! The time in which requests are counted: from when all clients are under way until they are told to stop, or have nothing left to send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::sync::Notify;

use crate::meter::{Meter, Spent};
use crate::support::Outcome;

const RAMP: Duration = Duration::from_millis(250);

pub(crate) struct Window {
    watch: Stopwatch,
    /// In nanoseconds since the start; `u64::MAX` until it is known.
    from: AtomicU64,
    until: AtomicU64,
    closed: Notify,
}

/// What was measured around it.
pub(crate) struct Seen {
    pub(crate) seconds: f64,
    pub(crate) spent: Spent,
    pub(crate) peak: Option<f64>,
}

impl Window {
    pub(crate) fn new() -> Self {
        let (from, until) = (AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX));
        Self { watch: Stopwatch::start(), from, until, closed: Notify::new() }
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.watch.elapsed().as_nanos() as u64
    }

    /// Whether it has not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.until.load(Ordering::Relaxed) == u64::MAX
    }

    pub(crate) fn has_begun(&self, moment: u64) -> bool {
        self.from.load(Ordering::Relaxed) <= moment
    }

    pub(crate) fn has(&self, moment: u64) -> bool {
        self.has_begun(moment) && moment <= self.until.load(Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        self.until.fetch_min(self.now(), Ordering::Relaxed);
        self.closed.notify_one();
    }

    /// Opens it and closes it.
    pub(crate) async fn watch(&self, meter: &Meter, duration: Duration) -> Outcome<Seen> {
        meter.forget_peak()?;
        let _ = tokio::time::timeout(RAMP, self.closed.notified()).await;
        let before = meter.read()?;
        self.from.store(self.now(), Ordering::Relaxed);
        if self.is_open() {
            let _ = tokio::time::timeout(duration, self.closed.notified()).await;
        }
        self.close();
        let spent = meter.read()?.since(&before);
        let nanos = self.until.load(Ordering::Relaxed).saturating_sub(self.from.load(Ordering::Relaxed));
        Ok(Seen { seconds: nanos as f64 / 1e9, spent, peak: meter.peak()? })
    }
}
