//! How many signing keys there are, how old the newest is, and what comes when.

use std::time::Duration;

use strum::VariantArray;

use super::key_set::{KeySet, signing_rows};
use super::keys::Keys;
use super::lifecycle::State;
use crate::clock::Timestamp;

/// The signing keys at one moment.
pub(crate) struct Dates {
    /// How many are in each state.
    pub(crate) keys: Vec<(State, usize)>,
    /// The age of the newest.
    pub(crate) age: Duration,
    /// When the newest gets a successor.
    pub(crate) rotation: Timestamp,
    /// When the oldest is removed, if it has a successor.
    pub(crate) removal: Option<Timestamp>,
}

impl Keys {
    /// The signing keys at `now`, as far as this instance knows. `None` if all were deleted.
    pub(crate) fn dates(&self, now: Timestamp) -> Option<Dates> {
        let current = self.current();
        let newest = signing_rows(current.rows()).next_back()?.0.created_at;
        Some(Dates {
            keys: State::VARIANTS.iter().map(|state| (*state, number(&current, *state, now))).collect(),
            age: (now - newest).to_std().unwrap_or_default(),
            rotation: newest + self.max_age(),
            removal: signing_rows(current.rows()).next().and_then(|(_, reign)| reign.gone_at()),
        })
    }
}

fn number(keys: &KeySet, state: State, now: Timestamp) -> usize {
    signing_rows(keys.rows()).filter(|(_, reign)| reign.state(now) == state).count()
}
