//! The last uses of sessions, which are collected so that not every request writes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::SessionId;

/// The precision of `last_used_at`: a use that follows the one before within this time is not recorded.
const GRAIN: Duration = Duration::from_secs(60);

/// Largest number of uses that wait to be written. Further ones are dropped: the database is away then, and they are
/// not worth more memory.
const MOST: usize = 100_000;

/// When the last use of a session was that is noted.
#[derive(Clone, Copy)]
pub(crate) struct LastUse(pub(crate) Timestamp);

impl LastUse {
    /// Whether a use at `now` is to be noted.
    pub(crate) fn is_noteworthy(self, now: Timestamp) -> bool {
        now.signed_duration_since(self.0).to_std().is_ok_and(|since| since >= GRAIN)
    }
}

/// The uses that wait to be written together.
#[derive(Debug, Default)]
pub struct Uses(Mutex<HashMap<SessionId, Timestamp>>);

impl Uses {
    /// Takes out the uses that wait.
    pub(crate) fn take(&self) -> Vec<(SessionId, Timestamp)> {
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }

    /// Adds uses. Of each session the latest counts.
    pub(crate) fn add(&self, uses: impl IntoIterator<Item = (SessionId, Timestamp)>) {
        let mut waiting = self.lock();
        for (id, at) in uses {
            if waiting.len() < MOST || waiting.contains_key(&id) {
                waiting.entry(id).and_modify(|latest| *latest = at.max(*latest)).or_insert(at);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_use_well_after_the_last_is_noteworthy_and_the_latest_counts() {
        let uses = Uses::default();
        let id = SessionId(Uuid::nil());
        let start = chrono::DateTime::UNIX_EPOCH;
        let minute = start + Duration::from_secs(60);
        assert!(LastUse(start).is_noteworthy(minute) && !LastUse(start).is_noteworthy(start + Duration::from_secs(59)));
        assert!(!LastUse(minute).is_noteworthy(start), "a clock that went back");
        uses.add([(id, minute), (id, start)]);
        assert_eq!(uses.take(), [(id, minute)]);
        assert!(uses.take().is_empty());
    }
}
