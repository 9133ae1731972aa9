//! Revocations: which access tokens are void before they expire, in a form that a reader can follow without missing
//! one.

mod position;
pub(crate) mod store;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

pub(crate) use position::Position;

/// How far clocks, and the moments of a change and of its commit, may be apart. A token that an account got shortly
/// before its sessions ended, or while they did, must not be accepted as one that it got afterwards.
const SKEW: Duration = Duration::from_secs(60);

/// Access tokens that must be refused from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// All tokens with this `sid`.
    Session {
        /// The session that was ended.
        id: SessionId,
        /// When it ended.
        at: Timestamp,
    },
    /// The tokens with this `sub` that are not of a later generation.
    Account {
        /// The account that was disabled or removed, or all of whose sessions ended.
        id: AccountId,
        /// When it ended.
        at: Timestamp,
        /// Tokens with a lower generation, or without one, are void. `None` in revocations of earlier versions.
        generation: Option<i64>,
        /// The session whose tokens stay valid.
        kept: Option<SessionId>,
    },
}

/// For backends that do not know generations: when all sessions of an account ended at `at`, its tokens with an `iat`
/// before this time are void. Later ones were issued to sessions that were opened afterwards.
#[must_use]
pub(crate) fn issued_before(at: Timestamp) -> Timestamp {
    at + SKEW
}
