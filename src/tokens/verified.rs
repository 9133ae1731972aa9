//! A cache of verified access tokens, because verifying a signature costs more than the rest of a small request.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN};
use quick_cache::sync::Cache;

use super::claims::{Claims, Rejected};
use super::lifecycle::{Reign, State};
use crate::clock::Timestamp;

/// Largest number of tokens that are remembered. Unused ones are evicted. A full cache takes some 16 MB.
const CAPACITY: usize = 100_000;

/// The SHA-256 of a whole token. No two tokens share one, so an entry belongs to exactly one token.
pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn digest(token: &str) -> Digest {
    let mut digest = Digest::default();
    digest.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, token.as_bytes()).as_ref());
    digest
}

/// What is known about a token whose signature, issuer and audience are right.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerifiedToken {
    pub(super) claims: Claims,
    /// `exp`
    pub(super) expires: i64,
    /// `nbf`
    pub(super) not_before: Option<i64>,
    /// The `kid` of its key.
    pub(super) reign: Reign,
    /// The generation of the key set that had the key.
    pub(super) generation: u64,
}

impl VerifiedToken {
    /// The claims of the token, or why it is rejected at `now`.
    pub(super) fn at(&self, now: Timestamp) -> Result<Claims, Rejected> {
        let early = self.not_before.is_some_and(|not_before| now.timestamp() < not_before);
        if early || self.reign.state(now) == State::Gone {
            return Err(Rejected::Invalid);
        }
        if self.expires <= now.timestamp() { Err(Rejected::Expired(self.claims)) } else { Ok(self.claims) }
    }
}

/// The cache of one issuer's tokens. It stores hashes and not tokens, and only of tokens that verified.
pub(super) struct VerifiedTokens(Cache<Digest, VerifiedToken>);

impl VerifiedTokens {
    pub(super) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    /// The entry of the token, if the key set of this generation verified it. An entry of another generation does not
    /// count, because its key may be gone. So it does no harm if a token is verified with the old keys and remembered
    /// after they were replaced.
    pub(super) fn get(&self, digest: &Digest, generation: u64) -> Option<VerifiedToken> {
        self.0.get(digest).filter(|verified| verified.generation == generation)
    }

    pub(super) fn insert(&self, digest: Digest, verified: VerifiedToken) {
        self.0.insert(digest, verified);
    }
}

impl std::fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedTokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::{AccountId, SessionId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn verified(generation: u64, not_before: Option<i64>) -> VerifiedToken {
        let (account, session) = (AccountId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let claims = Claims { account, session, auth_time: None };
        // Its key has a successor that signs from 100 on.
        let reign = Reign::of(&[at(0), at(100)])[0];
        VerifiedToken { claims, expires: 1_000_000, not_before, reign, generation }
    }

    #[test]
    fn what_was_verified_is_worth_something_only_in_its_time() {
        let token = verified(0, Some(50));
        assert_eq!(token.at(at(49)), Err(Rejected::Invalid));
        assert_eq!(token.at(at(50)), Ok(token.claims));
        assert_eq!(token.at(at(90_099)), Ok(token.claims));
        assert_eq!(token.at(at(90_100)), Err(Rejected::Invalid), "the key is gone");
        let short = VerifiedToken { expires: 60, ..token };
        assert_eq!(short.at(at(59)), Ok(token.claims));
        assert_eq!(short.at(at(60)), Err(Rejected::Expired(token.claims)));
    }

    #[test]
    fn only_the_generation_that_verified_a_token_remembers_it() {
        let memory = VerifiedTokens::new();
        memory.insert(digest("a"), verified(7, None));
        assert!(memory.get(&digest("a"), 7).is_some());
        assert!(memory.get(&digest("a"), 8).is_none() && memory.get(&digest("b"), 7).is_none());
        memory.insert(digest("a"), verified(8, None));
        assert!(memory.get(&digest("a"), 8).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let memory = VerifiedTokens::new();
        for number in 0..2 * CAPACITY {
            memory.insert(digest(&number.to_string()), verified(0, None));
        }
        assert!(memory.0.len() <= CAPACITY, "{memory:?}");
    }
}
