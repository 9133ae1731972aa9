//! When this instance last was certain to have received every change.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Uptime;

/// The time since when changes may have been missed. It is measured with the machine's monotonic clock, because it is
/// about connections, and nobody can set that clock.
#[derive(Debug)]
pub struct Freshness {
    limit: Duration,
    start: Uptime,
    /// Nanoseconds from the start to the last moment of certainty, or 0 if there is none.
    certain: AtomicU64,
    /// The same, where changes may have been missed since.
    last: AtomicU64,
}

/// When a heartbeat was sent. The heartbeat proves something about this moment, however late it arrives. Only a
/// [`Heartbeat`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) struct Said(Duration);

/// The numbers of the heartbeat that were sent and have not arrived yet.
#[derive(Default)]
pub(super) struct Heartbeat(Mutex<VecDeque<Said>>, AtomicU64);

impl Freshness {
    /// Starts out stale. A moment of certainty is trusted for `limit`.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, start: Uptime::now(), certain: AtomicU64::new(0), last: AtomicU64::new(0) }
    }

    /// How long a moment of certainty is trusted.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// How long ago a heartbeat was sent.
    pub(super) fn since(&self, said: Said) -> Duration {
        self.start.elapsed().saturating_sub(said.0)
    }

    /// Everything that was committed before this moment has been received.
    pub(super) fn confirm(&self, said: Said) {
        let nanos = u64::try_from(said.0.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.certain.fetch_max(nanos, Ordering::AcqRel);
        self.last.fetch_max(nanos, Ordering::Relaxed);
    }

    /// From now on changes may be missed.
    pub(super) fn lose(&self) {
        self.certain.store(0, Ordering::Release);
    }

    /// How long ago this instance last was certain to have received everything, also if changes may have been missed
    /// since. `None` if it never was.
    pub(crate) fn age(&self) -> Option<Duration> {
        let last = self.last.load(Ordering::Relaxed);
        (last > 0).then(|| self.since(Said(Duration::from_nanos(last))))
    }

    /// Whether no change older than the limit can have been missed.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let certain = self.certain.load(Ordering::Acquire);
        certain > 0 && self.since(Said(Duration::from_nanos(certain))) <= self.limit
    }
}

impl Heartbeat {
    /// The number to send now.
    pub(super) fn say(&self, freshness: &Freshness) -> u64 {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_back(Said(freshness.start.elapsed()));
        self.1.load(Ordering::Acquire) + said.len() as u64
    }

    /// When the number was sent. It and earlier numbers are removed, because they prove less.
    pub(super) fn hear(&self, number: u64) -> Option<Said> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = self.1.load(Ordering::Acquire);
        let place = usize::try_from(number.checked_sub(forgotten + 1)?).ok()?;
        let found = *said.get(place)?;
        said.drain(..=place);
        self.1.store(number, Ordering::Release);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn certainty_counts_from_the_moment_of_saying() {
        let freshness = Freshness::new(HOUR);
        assert!(!freshness.is_fresh(), "nothing was heard yet");
        let heartbeat = Heartbeat::default();
        let number = heartbeat.say(&freshness);
        freshness.confirm(heartbeat.hear(number).unwrap());
        assert!(freshness.is_fresh());
        freshness.lose();
        assert!(!freshness.is_fresh());
        let strict = Freshness::new(Duration::ZERO);
        strict.confirm(Said(Duration::from_nanos(1)));
        assert!(!strict.is_fresh(), "what was certain when it was said is older than the limit when it is heard");
    }

    #[test]
    fn a_number_that_is_heard_late_tells_when_it_was_said() {
        let (freshness, heartbeat) = (Freshness::new(HOUR), Heartbeat::default());
        let numbers: Vec<u64> = (0..4).map(|_| heartbeat.say(&freshness)).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let said: Vec<Said> = heartbeat.0.lock().unwrap().iter().copied().collect();
        assert_eq!(heartbeat.hear(2), Some(said[1]));
        assert_eq!(
            (heartbeat.hear(1), heartbeat.hear(2), heartbeat.hear(0), heartbeat.hear(9)),
            (None, None, None, None)
        );
        assert_eq!(heartbeat.say(&freshness), 5);
        assert_eq!((heartbeat.hear(3), heartbeat.hear(4)), (Some(said[2]), Some(said[3])));
    }
}
