use std::time::Duration;

use quick_cache::sync::Cache;

use super::{Fingerprint, PresentedKey};
use crate::clock::Timestamp;

/// How many keys of each kind are remembered.
const MANY: usize = 10_000;

/// How long a key that was refused is not looked up again. A refused key never becomes valid later, unless an
/// operator changes the table by hand.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// What this instance knows about keys that were presented.
pub struct Memory {
    good: Cache<Fingerprint, ()>,
    refused: Cache<Fingerprint, Timestamp>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { good: Cache::new(MANY), refused: Cache::new(MANY) }
    }
}

impl Memory {
    /// Whether it was valid the last time. It may have been revoked afterwards.
    pub(crate) fn was_good(&self, key: &PresentedKey) -> bool {
        self.good.get(&key.fingerprint()).is_some()
    }

    /// Whether it was refused a short time ago.
    pub(crate) fn is_refused(&self, key: &PresentedKey, now: Timestamp) -> bool {
        // A time in the future was noted before the clock was set back.
        self.refused.get(&key.fingerprint()).is_some_and(|at| at <= now && now < at + REFUSED_FOR)
    }

    /// Remembers the answer of the database.
    pub(crate) fn note(&self, key: &PresentedKey, is_good: bool, now: Timestamp) {
        let fingerprint = key.fingerprint();
        if is_good {
            self.refused.remove(&fingerprint);
            self.good.insert(fingerprint, ());
        } else {
            self.good.remove(&fingerprint);
            self.refused.insert(fingerprint, now);
        }
    }
}
