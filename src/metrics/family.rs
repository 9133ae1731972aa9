//! What is measured under names that come up while the server runs.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// Values by their labels. Labels are bounded by whoever asks for them.
pub(super) struct Family<K, V>(RwLock<HashMap<K, V>>);

impl<K, V> Default for Family<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash, V: Clone> Family<K, V> {
    /// The value with this label, which is made if it is new.
    pub(super) fn of<Q>(&self, label: &Q, make: impl FnOnce(&Q) -> V) -> V
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
    {
        if let Some(value) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(label) {
            return value.clone();
        }
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        values.entry(label.to_owned()).or_insert_with(|| make(label)).clone()
    }
}
