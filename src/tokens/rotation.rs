//! When a new signing key is due, and how the table changes then.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::key_set::signing_rows;
use super::lifecycle::{ACTIVATION_DELAY, State};
use super::signing::generate;
use super::store::{ACCESS_TOKEN, Change, KeyRow, REFRESH_TOKEN};
use crate::clock::{Timestamp, new_id};
use crate::config::{Config, SigningAlgorithm};
use crate::error::{Error, OrInternal};
use crate::sealing::Seals;

/// The settings for keys.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    algorithm: SigningAlgorithm,
    pub(super) max_age: Duration,
}

impl Policy {
    /// The policy of these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { algorithm: config.signing_algorithm, max_age: config.key_rotation }
    }

    /// The algorithm of the signing key that has to be made, if one is due. Upcoming keys count. Only a start changes
    /// the algorithm, because instances with different settings that run side by side would otherwise rotate back and
    /// forth.
    pub(super) fn due(self, rows: &[KeyRow], occasion: Occasion, now: Timestamp) -> Option<SigningAlgorithm> {
        let Some((newest, _)) = signing_rows(rows).next_back() else { return Some(self.algorithm) };
        let algorithm = SigningAlgorithm::parse(&newest.algorithm).unwrap_or(self.algorithm);
        let old = newest.created_at + self.max_age <= now;
        match occasion {
            Occasion::Start => (old || algorithm != self.algorithm).then_some(self.algorithm),
            Occasion::Running => old.then_some(algorithm),
        }
    }
}

/// The occasion on which keys are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    Start,
    Running,
}

/// A new signing key that is not in the table yet.
pub struct NewKey {
    algorithm: SigningAlgorithm,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// When a key is made, and when it becomes the one that signs.
pub(super) struct Dates {
    pub(super) created_at: Timestamp,
    pub(super) activates_at: Timestamp,
}

impl NewKey {
    /// Makes a key on a thread that answers no requests. Hold no connection during this call.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives no random numbers.
    pub async fn generate(algorithm: SigningAlgorithm) -> Result<Self, Error> {
        let pkcs8 = tokio::task::spawn_blocking(move || generate(algorithm)).await??;
        Ok(Self { algorithm, pkcs8 })
    }

    pub(super) fn row(&self, seals: &Seals, Dates { created_at, activates_at }: Dates) -> Result<KeyRow, Error> {
        let id = new_id(created_at);
        let sealed = seals.seal(id, &self.pkcs8)?;
        let (purpose, algorithm) = (ACCESS_TOKEN.to_owned(), self.algorithm.as_str().to_owned());
        Ok(KeyRow { id, purpose, algorithm, sealed, created_at, activates_at })
    }

    /// The key as a row that activates after all signing keys in `rows`, whatever the clocks of the instances say
    /// that made them.
    pub(super) fn successor(&self, rows: &[KeyRow], seals: &Seals, now: Timestamp) -> Result<KeyRow, Error> {
        let after = signing_rows(rows).next_back().map(|(newest, _)| newest.activates_at + Duration::from_secs(1));
        let activates_at = after.map_or(now, |after| after.max(now + ACTIVATION_DELAY));
        self.row(seals, Dates { created_at: now, activates_at })
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewKey({:?})", self.algorithm)
    }
}

/// The first keys of a deployment.
pub(super) fn first(fresh: &NewKey, seals: &Seals, now: Timestamp) -> Result<Change, Error> {
    let mut root = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(root.as_mut_slice()).or_internal()?;
    let id = new_id(now);
    let refresh = KeyRow {
        id,
        purpose: REFRESH_TOKEN.to_owned(),
        algorithm: "HS256".to_owned(),
        sealed: seals.seal(id, root.as_slice())?,
        created_at: now,
        activates_at: now,
    };
    Ok(Change {
        add: vec![fresh.row(seals, Dates { created_at: now, activates_at: now })?, refresh],
        ..Change::default()
    })
}

/// Deletes the rows of keys whose tokens have all expired.
pub(super) fn without_gone(rows: &[KeyRow], now: Timestamp) -> Change {
    let gone = signing_rows(rows).filter(|(_, reign)| reign.state(now) == State::Gone);
    Change { delete: gone.map(|(row, _)| row.id).collect(), ..Change::default() }
}

/// Seals with the current secret what only the previous one opens.
pub(super) fn resealed(rows: &[KeyRow], seals: &Seals) -> Result<Change, Error> {
    let mut change = Change::default();
    for row in rows {
        let opened = row.open(seals)?;
        if opened.stale {
            change.reseal.push((row.id, seals.seal(row.id, &opened.plain)?));
        }
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sealing::Purpose;
    use crate::tokens::lifecycle::JWKS_MAX_AGE;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn at(time: Duration) -> Timestamp {
        Timestamp::UNIX_EPOCH + time
    }

    fn row(algorithm: &str, created: Duration, activates: Duration) -> KeyRow {
        let (purpose, algorithm) = (ACCESS_TOKEN.to_owned(), algorithm.to_owned());
        let (created_at, activates_at) = (at(created), at(activates));
        KeyRow { id: Uuid::nil(), purpose, algorithm, sealed: Vec::new(), created_at, activates_at }
    }

    #[test]
    fn a_key_is_due_by_age_always_and_by_algorithm_at_a_start() {
        use Occasion::{Running, Start};
        let policy = Policy { algorithm: SigningAlgorithm::Es256, max_age: 10 * DAY };
        let es256 = [row("EdDSA", DAY, DAY), row("ES256", 2 * DAY, 2 * DAY + JWKS_MAX_AGE)];
        for (now, due) in [(0, None), (11, None), (12, Some(SigningAlgorithm::Es256))] {
            assert_eq!(policy.due(&es256, Start, at(now * DAY)), due, "{now}");
            assert_eq!(policy.due(&es256, Running, at(now * DAY)), due, "{now}");
        }
        let eddsa = [row("ES256", DAY, DAY), row("EdDSA", 2 * DAY, 2 * DAY)];
        assert_eq!(policy.due(&eddsa, Start, at(3 * DAY)), Some(SigningAlgorithm::Es256));
        assert_eq!(policy.due(&eddsa, Running, at(3 * DAY)), None);
        assert_eq!(policy.due(&eddsa, Running, at(12 * DAY)), Some(SigningAlgorithm::EdDsa));
        assert_eq!(policy.due(&[], Start, at(DAY)), Some(SigningAlgorithm::Es256));
    }

    #[test]
    fn a_successor_comes_last_whatever_the_clocks_say() {
        let seals = Seals::new(&crate::config::Secret::new(&[1; 32]).unwrap(), None, Purpose::Keys).unwrap();
        let fresh = NewKey { algorithm: SigningAlgorithm::EdDsa, pkcs8: generate(SigningAlgorithm::EdDsa).unwrap() };
        let activates = |rows: &[KeyRow], now| fresh.successor(rows, &seals, at(now)).unwrap().activates_at;
        assert_eq!(activates(&[], DAY), at(DAY), "the first signs at once");
        assert_eq!(activates(&[row("EdDSA", DAY, DAY)], 2 * DAY), at(2 * DAY + ACTIVATION_DELAY));
        let ahead = [row("EdDSA", DAY, DAY), row("EdDSA", 3 * DAY, 3 * DAY)];
        assert!(activates(&ahead, 2 * DAY) > at(3 * DAY));
    }
}
