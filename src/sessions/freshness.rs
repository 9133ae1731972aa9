//! How long ago this instance was certain to have heard of every change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Stopwatch;

/// Since when changes may have been missed. Real time, not the clock's: it is about connections, and no one may set it.
#[derive(Debug)]
pub struct Freshness {
    limit: Duration,
    start: Stopwatch,
    /// Nanoseconds from the start to the last moment of certainty; 0 without one.
    certain: AtomicU64,
}

impl Freshness {
    /// Not fresh yet. Certainty is trusted for `limit`.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, start: Stopwatch::start(), certain: AtomicU64::new(0) }
    }

    /// How long certainty is trusted.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// The time by this scale, to be handed to [`Freshness::confirm`].
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Everything that was committed before `then` has been heard of.
    pub(super) fn confirm(&self, then: Duration) {
        self.certain.fetch_max(u64::try_from(then.as_nanos()).unwrap_or(u64::MAX).max(1), Ordering::AcqRel);
    }

    /// Changes are being missed from now on.
    pub(super) fn lose(&self) {
        self.certain.store(0, Ordering::Release);
    }

    /// Whether no change older than the limit can have been missed.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let certain = self.certain.load(Ordering::Acquire);
        certain > 0 && self.now().saturating_sub(Duration::from_nanos(certain)) <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_counts_from_the_moment_it_is_about() {
        let freshness = Freshness::new(Duration::from_secs(3600));
        assert!(!freshness.is_fresh(), "nothing was heard yet");
        freshness.confirm(freshness.now());
        assert!(freshness.is_fresh());
        freshness.lose();
        assert!(!freshness.is_fresh());
        freshness.confirm(Duration::ZERO);
        assert!(freshness.is_fresh(), "an hour has not passed");
        let strict = Freshness::new(Duration::ZERO);
        strict.confirm(Duration::from_nanos(1));
        assert!(!strict.is_fresh(), "what was certain then is older than the limit now");
    }
}
