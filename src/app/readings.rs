//! What is measured by a look at the parts, each time that somebody asks.

use super::App;
use crate::metrics::*;
use crate::passwords::HashingLoad;
use crate::tokens::lifecycle::State;

impl App {
    /// The metrics in the text format of Prometheus. `None` where nothing is measured.
    pub(crate) fn measured(&self) -> Option<String> {
        self.metrics.is_on().then(|| self.readings()).and_then(|readings| self.metrics.render(readings))
    }

    fn readings(&self) -> Vec<Reading> {
        let HashingLoad { waiting, done, refused } = self.passwords.load();
        let (hits, misses) = self.session_cache.counts();
        let connections = self.db.connections();
        let mut readings = vec![
            BUILD.of("version", env!("CARGO_PKG_VERSION"), 1.0),
            HASHING_WAITING.is(waiting as f64),
            HASHING_DONE.is(done as f64),
            HASHING_REFUSED.is(refused as f64),
            DATABASE_CONNECTIONS.is(connections.open as f64),
            DATABASE_IN_USE.is(connections.in_use as f64),
            DATABASE_MAX.is(connections.max as f64),
            DATABASE_WAITING.is(self.db.waiting() as f64),
            CACHE_HITS.is(hits as f64),
            CACHE_MISSES.is(misses as f64),
        ];
        readings.extend(self.limits.refusals().map(|(limit, times)| LIMIT_REFUSALS.of("limit", limit, times as f64)));
        readings.extend(self.db.failures().map(|(cause, times)| DATABASE_FAILURES.of("cause", cause, times as f64)));
        readings.extend(self.tasks.running().flat_map(|task| {
            [
                TASK_SUCCEEDED.of("task", task.name, task.succeeded as f64),
                TASK_FAILURES.of("task", task.name, task.failures as f64),
            ]
        }));
        readings.extend(self.of_mails());
        readings.extend(self.of_keys());
        readings.extend(self.of_feed());
        readings
    }

    /// Where there is no feed there are none of these.
    fn of_feed(&self) -> Vec<Reading> {
        if !self.feed.is_followed() {
            return Vec::new();
        }
        let age = self.feed.age().map(|age| FEED_AGE.is(age.as_secs_f64()));
        [FEED_FRESH.is(f64::from(self.feed.is_fresh()))].into_iter().chain(age).collect()
    }

    /// Where no mails are sent there are none of these.
    fn of_mails(&self) -> Vec<Reading> {
        if self.mailer.is_none() {
            return Vec::new();
        }
        let attempts =
            self.mail_counts.attempts().map(|(ending, times)| MAIL_ATTEMPTS.of("outcome", ending, times as f64));
        let mut readings: Vec<_> = attempts.collect();
        if let Some(waiting) = self.mail_counts.waiting() {
            let age = waiting.since.and_then(|since| (self.clock.now() - since).to_std().ok()).unwrap_or_default();
            readings.extend([MAILS_WAITING.is(waiting.mails as f64), MAILS_OLDEST.is(age.as_secs_f64())]);
        }
        readings
    }

    fn of_keys(&self) -> Vec<Reading> {
        let Some(dates) = self.keys.dates(self.clock.now()) else { return Vec::new() };
        let number = |(state, number): &(State, usize)| KEYS.of("state", state.as_str(), *number as f64);
        let mut readings: Vec<_> = dates.keys.iter().map(number).collect();
        readings.extend([
            KEY_AGE.is(dates.age.as_secs_f64()),
            KEY_ROTATION.is(dates.rotation.timestamp() as f64),
            KEY_REMOVAL.is(dates.removal.map_or(0.0, |removal| removal.timestamp() as f64)),
        ]);
        readings
    }
}
