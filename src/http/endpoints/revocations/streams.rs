//! The limit on streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::ServiceKeyId;

/// Largest number of streams of an instance. Each takes some memory and no connection to the database.
const ALL: usize = 1024;

/// Largest number of streams of one service key, so that one backend does not take the streams of others.
const OF_ONE_KEY: usize = 256;

/// The streams that are open.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<ServiceKeyId, usize>>>);

/// The permit of one stream. It is given back when dropped.
pub(super) struct StreamPermit {
    streams: Streams,
    key: ServiceKeyId,
}

impl Streams {
    /// A permit for one more stream of this key, if there is one.
    pub(super) fn take(&self, key: ServiceKeyId) -> Option<StreamPermit> {
        let mut open = self.lock();
        if open.values().sum::<usize>() >= ALL || open.get(&key).is_some_and(|number| *number >= OF_ONE_KEY) {
            return None;
        }
        *open.entry(key).or_default() += 1;
        Some(StreamPermit { streams: self.clone(), key })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ServiceKeyId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        match open.get_mut(&self.key) {
            Some(number) if *number > 1 => *number -= 1,
            _ => _ = open.remove(&self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn places_are_bounded_for_each_and_for_all_and_given_back() {
        let streams = Streams::default();
        let key = |number| ServiceKeyId(Uuid::from_u128(number));
        let mut taken: Vec<_> = (0..OF_ONE_KEY).map(|_| streams.take(key(1)).unwrap()).collect();
        assert!(streams.take(key(1)).is_none());
        taken.pop();
        taken.push(streams.take(key(1)).unwrap());
        for number in 2..=4 {
            taken.extend((0..OF_ONE_KEY).map(|_| streams.take(key(number)).unwrap()));
        }
        assert!(streams.take(key(5)).is_none());
        taken.clear();
        assert!(streams.lock().is_empty());
    }
}
