//! What a refresh token is worth.
//!
//! A session's row holds the counter of its current token. The one before it may be presented again, by a client that never saw the
//! answer or by another of its tabs, and gets the same successor, as long as that successor has not been used: using it moves the
//! counter on. Anything older has left the hands of its owner.

use std::time::Duration;

use super::Session;
use crate::accounts::Account;
use crate::ids::{AccountId, SessionId};

/// What a genuine refresh token brought about.
#[derive(Debug)]
pub enum Refreshed {
    /// The session goes on. Its counter is that of the token that comes next.
    Continued {
        /// Whose it is.
        account: Account,
        /// The session.
        session: Session,
    },
    /// An old token was used again: the session was ended and the event recorded.
    Reused(Session),
    /// Nothing: it was refreshed too often.
    Limited {
        /// How long to wait.
        retry_after: Duration,
        /// Whose it is.
        account: AccountId,
        /// The session.
        session: SessionId,
    },
    /// Nothing: the session had ended.
    Refused(Refusal),
}

/// Why a session does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was ended, or its account disabled or removed.
    Ended,
    /// It is past its end, or nobody used it for too long.
    Expired,
}
