//! Sessions: an account signed in on one device.

mod cache;
pub(crate) mod feed;
mod freshness;
mod pending;
mod proof;
mod refresh;
mod second_factors;
mod shown_passkey;
pub(crate) mod store;
pub(crate) mod uses;

use std::net::IpAddr;
use std::time::Duration;

use crate::accounts::Account;
use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

pub(crate) use crate::client::Client;
pub(crate) use cache::SessionCache;
pub(crate) use feed::Feed;
pub(crate) use freshness::Freshness;
pub(crate) use pending::PendingSignIn;
pub(crate) use proof::Method;
pub(crate) use proof::Proof;
pub(crate) use refresh::{Refreshed, Refusal};
pub(crate) use second_factors::{PasskeyHandle, RightFactor, SecondFactorPolicy, SecondFactors, StoredPasskey};
pub(crate) use shown_passkey::ShownPasskey;
pub(crate) use uses::Uses;

/// An account signed in on one device.
#[derive(Clone, Debug)]
pub struct Session {
    /// The id of the session.
    pub id: SessionId,
    /// The account that it belongs to.
    pub account_id: AccountId,
    /// The counter in its current refresh token.
    pub refresh_counter: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used: opened, refreshed, or used with an access token. It may lag behind by one or two
    /// minutes.
    pub last_used_at: Timestamp,
    /// When its owner last proved who they are.
    pub authenticated_at: Timestamp,
    /// How they did. Methods that only a newer version knows are left out.
    pub methods: Vec<Method>,
    /// When it ends at the latest. It may end earlier.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The `User-Agent` of the client that opened it.
    pub user_agent: Option<String>,
    /// The address of the client that opened it.
    pub ip_address: Option<IpAddr>,
    /// The account's generation when the session was opened, or when it ended all others.
    pub generation: i64,
}

impl Session {
    /// Whether its tokens are good: not ended, by itself or with all sessions of its account, not past its end, and not left unused
    /// for too long. Statements ask the function `portcullis_is_active`, which says the same.
    #[must_use]
    pub fn is_active(&self, account: &Account, at: ActiveAt) -> bool {
        self.revoked_at.is_none() && is_living(self.generation, account) && self.lifetime().includes(at)
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime { expires_at: self.expires_at, last_used_at: self.last_used_at }
    }
}

/// When a session has to be active, and since when it must have been used for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveAt {
    /// It is not past its end then.
    pub now: Timestamp,
    /// It was used after this.
    pub unused_since: Timestamp,
}

impl ActiveAt {
    /// At `now`, where sessions end that nobody uses for `idle_ttl`.
    #[must_use]
    pub fn new(now: Timestamp, idle_ttl: Duration) -> Self {
        Self { now, unused_since: now - idle_ttl }
    }
}

/// How long a session lasts that nobody ends.
struct Lifetime {
    expires_at: Timestamp,
    last_used_at: Timestamp,
}

impl Lifetime {
    /// Whether it is not over. The function `portcullis_is_in_time` says the same.
    fn includes(&self, at: ActiveAt) -> bool {
        self.expires_at > at.now && self.last_used_at > at.unused_since
    }
}

/// Whether a session of this generation was not ended with all sessions of its account. Statements have the same
/// condition: `sessions.generation >= accounts.session_generation`. The session's generation is higher only if the
/// account was looked up earlier.
fn is_living(generation: i64, account: &Account) -> bool {
    generation >= account.session_generation
}

/// Which of an account's sessions are asked for: the newest, after one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    /// The account.
    pub account: AccountId,
    /// The session before the first of the page.
    pub after: Option<SessionId>,
    /// The largest number of sessions.
    pub first: u16,
}

/// An ending of all sessions of an account, except the one that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The account.
    pub account: AccountId,
    /// The account's generation afterwards.
    pub generation: i64,
    /// When they ended.
    pub at: Timestamp,
}

/// A session to be opened.
#[derive(Debug)]
pub(crate) struct NewSession {
    /// The id that it will have.
    pub id: SessionId,
    /// When it is opened, and its owner proved who they are.
    pub created_at: Timestamp,
    /// How they did.
    pub methods: Vec<Method>,
    /// When it ends at the latest. It may end earlier.
    pub expires_at: Timestamp,
    /// The client that opens it.
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
            authenticated_at: start,
            methods: vec![Method::Password],
            expires_at: start + Duration::from_secs(60),
            revoked_at: None,
            user_agent: None,
            ip_address: None,
            generation: 1,
        };
        let account = Account {
            id: AccountId(Uuid::nil()),
            email: String::new(),
            email_verified_at: None,
            username: None,
            roles: Vec::new(),
            created_at: start,
            disabled_at: None,
            session_generation: 1,
        };
        let after = |seconds| start + Duration::from_secs(seconds);
        let at = |seconds| ActiveAt::new(after(seconds), Duration::from_secs(30));
        assert!(session.is_active(&account, at(29)));
        assert!(!session.is_active(&account, at(30)), "unused for too long");
        let used = Session { last_used_at: after(59), ..session.clone() };
        assert!(used.is_active(&account, at(59)));
        assert!(!used.is_active(&account, at(60)), "past its end");
        assert!(!Session { revoked_at: Some(start), ..session.clone() }.is_active(&account, at(0)));
        let raised = Account { session_generation: 2, ..account };
        assert!(!session.is_active(&raised, at(0)), "all were ended");
    }
}
