//! When a signing key signs and verifies. This is a pure function of the keys' times, so no instance has to write a
//! transition.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::MAX_ACCESS_TOKEN_TTL;

/// How long the published keys may be cached: `max-age` of the JWKS.
pub const JWKS_MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How long a new key is published before it signs. It is three times the cache time of the JWKS, so that nobody gets
/// a token whose key is unknown to them, even if an answer is slow, clocks disagree, or an instance learns of the key
/// some minutes late.
pub const ACTIVATION_DELAY: Duration = Duration::from_secs(3 * JWKS_MAX_AGE.as_secs());

/// How long a key verifies after its successor has begun to sign. It is the longest lifetime that the setting allows,
/// because the setting may have been longer before. The additional hour is for clocks that disagree, and for an
/// instance that learns late that it has to sign with the successor.
pub const RETIREMENT: Duration = Duration::from_secs(MAX_ACCESS_TOKEN_TTL.as_secs() + 60 * 60);

/// The state of a key at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum State {
    /// It is published and verifies, but does not sign yet.
    Upcoming,
    /// It signs.
    Active,
    /// A successor signs. The key verifies what it signed before.
    Retiring,
    /// All tokens that it signed have expired. An instance deletes its row some time later.
    Gone,
}

impl State {
    /// The state's name for operators.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Gone => "gone",
        }
    }
}

/// The time in which a key is the one that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reign {
    /// When the key begins to sign. `None` if no key comes before it: the first key signs at any time, so that clocks
    /// which disagree do no harm.
    begins: Option<Timestamp>,
    /// When its successor begins to sign, if it has one.
    ends: Option<Timestamp>,
}

impl Reign {
    /// The reigns of keys that activate at these times, in this order.
    pub(super) fn of(activations: &[Timestamp]) -> Vec<Self> {
        let begins = activations.iter().enumerate().map(|(place, begins)| (place > 0).then_some(*begins));
        begins.enumerate().map(|(place, begins)| Self { begins, ends: activations.get(place + 1).copied() }).collect()
    }

    pub(super) fn state(self, now: Timestamp) -> State {
        let reached = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
        if self.begins.is_some_and(|begins| begins > now) {
            State::Upcoming
        } else if reached(self.gone_at()) {
            State::Gone
        } else if reached(self.ends) {
            State::Retiring
        } else {
            State::Active
        }
    }

    /// When the key stops verifying, if that is known.
    pub(super) fn gone_at(self) -> Option<Timestamp> {
        self.ends.map(|ends| ends + RETIREMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn states(activations: &[i64], now: i64) -> Vec<State> {
        let activations: Vec<_> = activations.iter().map(|seconds| at(*seconds)).collect();
        Reign::of(&activations).into_iter().map(|reign| reign.state(at(now))).collect()
    }

    #[test]
    fn a_key_is_upcoming_then_active_then_retiring_then_gone() {
        use State::{Active, Gone, Retiring, Upcoming};
        const { assert!(RETIREMENT.as_secs() == 90_000) };
        let keys = [0, 1_000, 2_000];
        assert_eq!(states(&keys, 0), [Active, Upcoming, Upcoming]);
        assert_eq!(states(&keys, 999), [Active, Upcoming, Upcoming]);
        assert_eq!(states(&keys, 1_000), [Retiring, Active, Upcoming]);
        assert_eq!(states(&keys, 2_000), [Retiring, Retiring, Active]);
        assert_eq!(states(&keys, 90_999), [Retiring, Retiring, Active]);
        assert_eq!(states(&keys, 91_000), [Gone, Retiring, Active]);
        assert_eq!(states(&keys, 92_000), [Gone, Gone, Active]);
        assert_eq!(states(&keys, i64::from(u32::MAX)), [Gone, Gone, Active]);
    }

    #[test]
    fn exactly_one_key_signs_at_any_time() {
        for keys in [&[0][..], &[50], &[0, 0], &[0, 0, 10, 10], &[30, 40], &[0, 100_000, 300_000]] {
            for now in [-1, 0, 9, 10, 29, 35, 90_000, 100_000, 400_000] {
                let active = states(keys, now).into_iter().filter(|state| *state == State::Active).count();
                assert_eq!(active, 1, "{keys:?} at {now}");
            }
        }
    }

    #[test]
    fn every_copy_of_the_jwks_has_a_key_before_it_signs() {
        assert!(ACTIVATION_DELAY > 2 * JWKS_MAX_AGE);
        assert!(RETIREMENT > MAX_ACCESS_TOKEN_TTL + JWKS_MAX_AGE);
    }
}
