//! Sessions: an account signed in on one device.

mod cache;
pub(crate) mod feed;
mod freshness;
mod refresh;
pub(crate) mod store;
pub(crate) mod uses;

use std::net::IpAddr;
use std::time::Duration;

use crate::accounts::Account;
use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

pub use crate::client::Client;
pub use cache::SessionCache;
pub use feed::Feed;
pub use freshness::Freshness;
pub use refresh::{Refreshed, Refusal};
pub use uses::Uses;

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
    /// When it was opened, refreshed or used with an access token; the last to within a minute or two.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
    /// The device's `User-Agent`.
    pub user_agent: Option<String>,
    /// The device's address when the session was opened.
    pub ip_address: Option<IpAddr>,
    /// The account's when the session was opened, or when it ended all others.
    pub generation: i64,
}

impl Session {
    /// Whether its tokens are good at `now`: not ended, by itself or with all sessions of its account, not past its end, and not left
    /// unused for `idle_ttl`.
    #[must_use]
    pub fn is_active(&self, account: &Account, now: Timestamp, idle_ttl: Duration) -> bool {
        self.revoked_at.is_none()
            && is_living(self.generation, account)
            && in_time(self.expires_at, self.last_used_at, now, idle_ttl)
    }
}

/// Whether a session of this generation has not ended with all sessions of its account. Statements say the same:
/// `sessions.generation >= accounts.session_generation`. A session never is of a higher one, unless the account was looked up before.
fn is_living(generation: i64, account: &Account) -> bool {
    generation >= account.session_generation
}

/// Whether a session that was not ended is still good at `now`.
fn in_time(expires_at: Timestamp, last_used_at: Timestamp, now: Timestamp, idle_ttl: Duration) -> bool {
    now < expires_at && now < last_used_at + idle_ttl
}

/// Which of an account's sessions are asked for: the newest, after one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// Whose.
    pub account: AccountId,
    /// The one before the first.
    pub after: Option<SessionId>,
    /// How many at the most.
    pub first: u16,
}

/// An end of all sessions of an account but the one that asked, if one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose.
    pub account: AccountId,
    /// The generation that the account came to.
    pub generation: i64,
    /// When.
    pub at: Timestamp,
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
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_session_is_active_until_it_expires_is_left_unused_or_is_revoked() {
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
            generation: 1,
        };
        let account = Account {
            id: AccountId(Uuid::nil()),
            email: String::new(),
            username: None,
            roles: Vec::new(),
            created_at: start,
            disabled_at: None,
            session_generation: 1,
        };
        let idle = Duration::from_secs(30);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(session.is_active(&account, at(29), idle));
        assert!(!session.is_active(&account, at(30), idle), "unused for too long");
        let used = Session { last_used_at: at(59), ..session.clone() };
        assert!(used.is_active(&account, at(59), idle));
        assert!(!used.is_active(&account, at(60), idle), "past its end");
        assert!(!Session { revoked_at: Some(start), ..session.clone() }.is_active(&account, start, idle));
        let raised = Account { session_generation: 2, ..account };
        assert!(!session.is_active(&raised, start, idle), "all were ended");
    }
}
