//! Revocations: whose access tokens are void before they expire, in a form that a reader can follow without missing one.

mod position;
pub(crate) mod store;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

pub use position::{BadPosition, Position};

/// How far clocks, and the moments of a change and its commit, may be apart: a token that an account got shortly before, or while, its
/// sessions ended must not pass for one that it got afterwards.
const SKEW: Duration = Duration::from_secs(60);

/// Access tokens that must be refused from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// All those with this `sid`.
    Session {
        /// The session that was ended.
        id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Those with this `sub` that are not of a later generation.
    Account {
        /// The account that was disabled or removed, or all of whose sessions ended.
        id: AccountId,
        /// When.
        at: Timestamp,
        /// Tokens that name a lower generation, or none, are void. Earlier versions did not say.
        generation: Option<i64>,
        /// The session whose tokens stay good.
        kept: Option<SessionId>,
    },
}

/// When all sessions of an account ended at `at`, its tokens with an `iat` before this are void, for who knows no generations. Later
/// ones were issued to sessions that were opened afterwards.
#[must_use]
pub fn issued_before(at: Timestamp) -> Timestamp {
    at + SKEW
}
