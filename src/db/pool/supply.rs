//! Decides how many connections may be opened and held. This is pure logic, which opens and closes nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::super::unopened::{Unopened, Why};
use crate::clock::moment;

/// The pause after a connection could not be opened. It doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a database has to be away before callers no longer wait for it.
const AWAY: Duration = Duration::from_secs(5);

/// How long after a refusal for too many connections, and after each further step, one more connection is tried.
pub(super) const GROWTH: Duration = Duration::from_secs(5);

/// How many connections are opened at once. The server also counts those that it is about to refuse, so it refuses
/// too many if many are opened.
const AT_ONCE: usize = 4;

/// If this many more are open than when one was refused, the server now permits more.
const MARGIN: usize = AT_ONCE - 1;

pub(super) struct Supply {
    /// Largest number of connections that the settings permit.
    size: usize,
    /// Largest number of connections that the server is known to permit. It is less than `size` after the server has
    /// refused one.
    most: usize,
    /// How many connections were open when the server refused one more.
    refused_at: usize,
    /// Whether it has refused one of those that are being opened while others still are.
    refusal: Option<Unopened>,
    grow_at: Instant,
    /// Callers in the queue, and connections that are being opened.
    waiting: usize,
    opening: usize,
    /// The number of failures since a connection was last opened, the time of the first, and the last failure.
    failures: u32,
    since: Instant,
    failed_at: Instant,
    last: Option<Unopened>,
    /// The last problem that was logged, if it is not over.
    told: Option<Unopened>,
}

impl Supply {
    pub(super) fn new(size: usize) -> Self {
        let now = moment();
        Self {
            size,
            most: size,
            refused_at: 0,
            refusal: None,
            grow_at: now,
            waiting: 0,
            opening: 0,
            failures: 0,
            since: now,
            failed_at: now,
            last: None,
            told: None,
        }
    }

    /// How many callers are in the queue.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Adds a caller to the queue.
    pub(super) fn begin_wait(&mut self) {
        self.waiting += 1;
    }

    /// Removes a caller from the queue.
    pub(super) fn end_wait(&mut self) {
        self.waiting -= 1;
    }

    /// Whether this many connections may be held.
    pub(super) fn allows(&self, open: usize) -> bool {
        open <= self.most
    }

    /// Whether one more is to be opened now. It then counts as being opened.
    pub(super) fn begin_opening(&mut self, open: usize, now: Instant) -> bool {
        let held = open + self.opening;
        // While opening fails, only one at a time is tried.
        let at_once = if self.failures > 0 { 1 } else { AT_ONCE };
        if self.waiting <= self.opening || held >= self.size || self.opening >= at_once || self.refusal.is_some() {
            return false;
        }
        if held >= self.most {
            if now < self.grow_at {
                return false;
            }
            self.most += 1;
            self.grow_at = now + GROWTH;
        }
        self.opening += 1;
        true
    }

    /// How long to wait before opening a connection.
    pub(super) fn pause(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(failures.min(10) - 1)),
        }
    }

    /// A connection was opened. Returns whether fewer may be held from now on.
    pub(super) fn opened(&mut self, open: usize, now: Instant) -> bool {
        self.opening -= 1;
        self.failures = 0;
        self.last = None;
        if self.refusal.is_some() {
            return self.opening == 0 && self.judge(open, now);
        }
        let more = open >= self.size || open > self.refused_at + MARGIN;
        if more {
            self.most = self.size.min(self.most.max(2 * open));
        }
        if self.told.take_if(|told| more || told.why != Why::TooMany).is_some() {
            tracing::info!(connections = open, "database connections can be opened again");
        }
        false
    }

    /// A connection could not be opened. Returns whether to try again.
    pub(super) fn failed(&mut self, unopened: Unopened, open: usize, now: Instant) -> bool {
        if self.failures == 0 {
            self.since = now;
        }
        self.failures += 1;
        self.failed_at = now;
        if unopened.why == Why::TooMany && open > 0 {
            self.refusal = Some(unopened.clone());
        } else {
            self.tell(&unopened, open);
        }
        self.last = Some(unopened);
        let is_last = self.opening == 1;
        if is_last {
            self.judge(open, now);
        }
        let again = is_last && self.waiting > 0 && open < self.most;
        if !again {
            self.opening -= 1;
        }
        again
    }

    /// It is not known what became of a connection that was being opened.
    pub(super) fn lost(&mut self) {
        self.opening -= 1;
        if self.opening == 0 {
            self.refusal = None;
        }
    }

    /// When no connection is being opened any more, it is known how many the server permits. If it has refused one, a
    /// quarter of those that are held, but at least two, are given back, because the feed, commands and other
    /// instances need some as well.
    fn judge(&mut self, open: usize, now: Instant) -> bool {
        let Some(refusal) = self.refusal.take() else { return false };
        self.refused_at = self.refused_at.max(open);
        self.most = open.saturating_sub((open / 4).max(2)).max(1);
        self.grow_at = now + GROWTH;
        self.tell(&refusal, open);
        true
    }

    /// The reason why callers should not wait now: there is no connection, and waiting does not help, or the database
    /// has been away for longer than callers wait.
    pub(super) fn is_hopeless(&self, open: usize, limit: Duration, now: Instant) -> Option<String> {
        if open > 0 || now - self.failed_at > 2 * LONGEST_PAUSE {
            return None;
        }
        let last = self.last.as_ref()?;
        let in_vain = match last.why {
            Why::TooMany => false,
            Why::Away => now - self.since > limit.max(AWAY),
            Why::Wrong => true,
        };
        in_vain.then(|| last.to_string())
    }

    /// The last failure, if no connection was opened since.
    pub(super) fn why(&self) -> Option<String> {
        self.last.as_ref().map(ToString::to_string)
    }

    /// Logs each problem once, until it is over.
    fn tell(&mut self, unopened: &Unopened, open: usize) {
        let is_told = |told: &Unopened| told.why == unopened.why && (told.why == Why::TooMany || told.says(unopened));
        if self.told.as_ref().is_some_and(is_told) {
            return;
        }
        let why = tracing::field::display(unopened);
        match (unopened.why, open) {
            (_, 0) => tracing::warn!(why, "no database connection can be opened: requests wait for one, and fail"),
            (Why::TooMany, _) => tracing::warn!(
                why,
                connections = open,
                held = self.most,
                "the database gives no more connections: requests wait for those there are, and fewer are held. \
                 PORTCULLIS_DATABASE_POOL_SIZE asks for fewer"
            ),
            (Why::Away | Why::Wrong, _) => {
                tracing::warn!(
                    why,
                    connections = open,
                    "no new database connection can be opened: requests wait for those there are"
                );
            }
        }
        self.told = Some(unopened.clone());
    }
}

#[cfg(test)]
mod tests;
