//! Sessions: an account signed in on one device.

mod client;
pub(crate) mod store;

use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

use crate::accounts::AccountId;
use crate::clock::Timestamp;

pub use client::Client;

/// Identifies a session: `sid` in its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account signed in on one device.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its identity.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The counter in its current refresh token.
    pub refresh_counter: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was opened or last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
    /// The device's `User-Agent`.
    pub user_agent: Option<String>,
    /// The device's address when the session was opened.
    pub ip_address: Option<IpAddr>,
}

impl Session {
    /// Whether its tokens are good at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A session to be opened.
#[derive(Debug)]
pub struct NewSession {
    /// Its identity to be.
    pub id: SessionId,
    /// When it is opened.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// On which device.
    pub client: Client,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_session_is_active_until_it_expires_or_is_revoked() {
        let start = chrono::DateTime::UNIX_EPOCH;
        let session = Session {
            id: SessionId(Uuid::nil()),
            account_id: AccountId(Uuid::nil()),
            refresh_counter: 1,
            created_at: start,
            last_used_at: start,
            expires_at: start + Duration::from_secs(60),
            revoked_at: None,
            user_agent: None,
            ip_address: None,
        };
        assert!(session.is_active(start + Duration::from_secs(59)));
        assert!(!session.is_active(start + Duration::from_secs(60)));
        assert!(!Session { revoked_at: Some(start), ..session }.is_active(start));
    }
}
