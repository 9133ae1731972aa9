//! When a migration is tried again that got no lock in time.

use std::time::Duration;

use tokio::time::Instant;

use super::Locks;

/// The longest pause before another try, unless a try takes longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The tries of one migration.
pub(super) struct Tries {
    locks: Locks,
    /// How long the next try waits for a lock.
    pub(super) timeout: Duration,
    pause: Duration,
    deadline: Option<Instant>,
}

impl Tries {
    pub(super) fn new(locks: Locks) -> Self {
        Self { locks, timeout: locks.timeout, pause: locks.timeout, deadline: None }
    }

    /// The pause before the next try, after one that got no lock. The last try comes at the end of the time, and after
    /// it there is none. If autovacuum holds a lock, which gives way to whoever has waited for `gives_way`, every other
    /// try waits longer than that.
    pub(super) fn pause(&mut self, now: Instant, gives_way: Option<Duration>) -> Option<Duration> {
        let Locks { timeout, wait } = self.locks;
        let left = self.deadline.get_or_insert(now + wait).saturating_duration_since(now);
        if left.is_zero() {
            return None;
        }
        let was_short = self.timeout == timeout;
        self.timeout = gives_way.filter(|_| was_short).map_or(timeout, |after| timeout.max(after + after / 2));
        let pause = self.pause.min(left);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE.max(timeout));
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::moment;

    const SECOND: Duration = Duration::from_secs(1);
    const SHORT: Duration = Duration::from_millis(300);

    #[test]
    fn tries_fill_the_time_and_none_is_far_from_the_next() {
        for wait in [Duration::ZERO, SECOND, 60 * SECOND, 3600 * SECOND] {
            let mut tries = Tries::new(Locks { timeout: SHORT, wait });
            let start = moment();
            let mut now = start;
            while let Some(pause) = tries.pause(now, None) {
                assert!(pause <= LONGEST_PAUSE && pause > Duration::ZERO, "{pause:?}");
                now += pause;
                if now - start < wait {
                    now += tries.timeout;
                }
            }
            assert!(now - start >= wait && now - start <= wait + SHORT, "{:?} of {wait:?}", now - start);
        }
    }

    #[test]
    fn every_other_try_outlasts_autovacuum() {
        let mut tries = Tries::new(Locks { timeout: SHORT, wait: 60 * SECOND });
        let timeouts = [None, Some(SECOND), Some(SECOND), Some(SECOND), None].map(|gives_way| {
            tries.pause(moment(), gives_way);
            tries.timeout
        });
        assert_eq!(timeouts, [SHORT, SECOND * 3 / 2, SHORT, SECOND * 3 / 2, SHORT]);
    }
}
