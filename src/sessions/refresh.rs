//! The rule for refresh tokens that are used again.
//!
//! A session's row has the counter of its current token. A client that never saw the answer, or another of its tabs,
//! may present the token before that again. It gets the same next token, as long as that one has not been used. Using
//! it moves the counter on. If an older token is used, somebody else has a copy.

use std::time::Duration;

use super::Session;
use crate::accounts::Account;
use crate::ids::{AccountId, SessionId};

/// The outcome of presenting a genuine refresh token.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// The session continues. Its counter is that of the next token.
    Continued {
        /// The account that it belongs to.
        account: Account,
        /// The session.
        session: Session,
    },
    /// An old token was used again. The session was ended, and the event was recorded.
    Reused(Session),
    /// Nothing was done, because the session was refreshed too often.
    Limited {
        /// How long to wait.
        retry_after: Duration,
        /// The account that it belongs to.
        account: AccountId,
        /// The session.
        session: SessionId,
    },
    /// Nothing was done, because the session had ended.
    Refused(Refusal),
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was ended, or its account was disabled or removed.
    Ended,
    /// It has expired, or was not used for too long.
    Expired,
}
