//! Buckets in memory. They are cheap, and each instance has its own.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::kind::{Kind, Refusals};
use crate::clock::Timestamp;
use crate::config::Rate;

/// How far below empty a bucket may be, in microseconds. The clock may be set back by that much.
const SLACK: i64 = 60_000_000;

/// A bucket for each key, up to a bounded number. One that is evicted counts as full.
pub(super) struct Buckets<K> {
    /// When each bucket will be full again, in microseconds of Unix time.
    full_at: Cache<K, Arc<AtomicI64>>,
    /// Where it is counted, and as what, that there was none.
    refusals: Option<(Kind, Arc<Refusals>)>,
    interval: i64,
    period: i64,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(super) fn new(rate: Rate, capacity: usize) -> Self {
        let (interval, period) = (micros(rate.interval()).max(1), micros(rate.period));
        Self { full_at: Cache::new(capacity), refusals: None, interval, period }
    }

    /// The same, which count what they refuse as a limit of this kind.
    pub(super) fn counted(self, kind: Kind, refusals: &Arc<Refusals>) -> Self {
        Self { refusals: Some((kind, refusals.clone())), ..self }
    }

    /// Takes one, or says how long to wait for it.
    pub(super) fn take(&self, key: K, now: Timestamp) -> Result<(), Duration> {
        let now = now.timestamp_micros();
        let bucket = match self.full_at.get(&key) {
            Some(bucket) => bucket,
            None => {
                let made: Result<_, ()> = self.full_at.get_or_insert_with(&key, || Ok(Arc::default()));
                made.unwrap_or_default()
            }
        };
        let brim = now + self.period;
        // A bucket that is further below empty was made before the clock was set back.
        let after = |full_at: i64| if full_at > brim + SLACK { now } else { full_at.max(now) } + self.interval;
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            Some(after(full_at)).filter(|after| *after <= brim)
        });
        taken.map(|_| ()).map_err(|full_at| {
            if let Some((kind, refusals)) = &self.refusals {
                refusals.count(*kind);
            }
            Duration::from_micros((after(full_at) - brim).unsigned_abs()).max(Duration::from_secs(1))
        })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_burst_and_fills_over_its_period() {
        let buckets = Buckets::new(Rate { burst: 3, period: Duration::from_secs(30) }, 10);
        let (ada, eve) = ("ada", "eve");
        let at = |seconds| chrono::DateTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let tries = |key, seconds| (0..5).filter(|_| buckets.take(key, at(seconds)).is_ok()).count();
        assert_eq!(tries(eve, 100), 3);
        assert_eq!(buckets.take(eve, at(100)), Err(Duration::from_secs(10)));
        assert_eq!(buckets.take(eve, at(109)), Err(Duration::from_secs(1)));
        assert_eq!(tries(eve, 110), 1);
        assert_eq!(tries(ada, 110), 3, "another's is its own");
        assert_eq!(tries(eve, 1000), 3, "never more than its burst");
        assert_eq!(tries(eve, 100), 3, "after the clock was set back");
    }
}
