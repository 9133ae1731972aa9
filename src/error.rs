//! What can go wrong below the transports, apart from the outcomes that a user causes.

use std::fmt;
use std::time::Duration;

/// Why a request could not be carried out.
///
/// Has a `Display` for the log. What a client is told is decided in the transports, from the variant alone: a cause never
/// reaches a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The caller is not signed in.
    #[error("unauthenticated: {0}")]
    Unauthenticated(Reason),
    /// Too much password work is waiting.
    #[error("busy: the password queue is full")]
    Busy {
        /// When a new try has a good chance.
        retry_after: Duration,
    },
    /// The database is away, too slow, or refuses its service.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database answers and takes no changes: a standby, or one that a setting keeps from them.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

/// Why a caller is not signed in. The names are part of the interface: `extensions.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// No bearer token was sent.
    TokenMissing,
    /// Not a token of ours: malformed, a foreign key, issuer, audience or type, or sent twice.
    TokenInvalid,
    /// A token of ours whose time is over.
    TokenExpired,
    /// The token's session was ended or has expired, or its account is disabled or gone.
    SessionRevoked,
}

impl Reason {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
