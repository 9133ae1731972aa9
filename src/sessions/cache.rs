//! Verified callers, remembered: who has an active session, without asking the database.
//!
//! It only ever says yes. A session that is not here, or does not look active from here, is looked up. Three rules keep it coherent:
//! whatever ends or changes a session or an account takes it out; a look-up during which anything was taken out is not
//! remembered; and while the feed of changes is stale nothing is read and nothing remembered.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::freshness::Freshness;
use super::{Session, in_time, is_living, uses};
use crate::accounts::Account;
use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

/// How long something is remembered at the most. The feed corrects what changes; this corrects what no trigger told, should
/// somebody have switched them off.
const OLDEST: Duration = Duration::from_secs(300);

/// What is remembered of sessions and their accounts, each bounded in number; those used least lately make room.
pub struct SessionCache {
    sessions: Cache<SessionId, Arc<Known>>,
    accounts: Cache<AccountId, Arc<Account>>,
    /// How often something was taken out. Held while something is put in or taken out, so that neither overtakes the other.
    epoch: Mutex<u64>,
    freshness: Arc<Freshness>,
    capacity: usize,
    idle_ttl: Duration,
}

/// A session that was active, as far as it matters to its caller.
struct Known {
    account: AccountId,
    generation: i64,
    expires_at: Timestamp,
    /// When it was looked up.
    looked_up: Timestamp,
    /// Its last use that was noted, in microseconds since 1970: as the row said, then as this instance saw it.
    last_used: AtomicI64,
}

/// The right to remember a look-up that began now.
#[derive(Debug)]
pub(crate) struct Ticket(Option<u64>);

impl SessionCache {
    /// Remembers up to `capacity` sessions and as many accounts, as long as `freshness` lasts. Sessions end when nobody uses
    /// them for `idle_ttl`.
    #[must_use]
    pub fn new(capacity: usize, idle_ttl: Duration, freshness: Arc<Freshness>) -> Self {
        Self {
            sessions: Cache::new(capacity),
            accounts: Cache::new(capacity),
            epoch: Mutex::new(0),
            freshness,
            capacity,
            idle_ttl,
        }
    }

    /// The session's account, if the session is known to be active at `now`, and whether this use of it is to be noted.
    pub(crate) fn get(&self, id: SessionId, now: Timestamp) -> Option<(Arc<Account>, bool)> {
        if !self.freshness.is_fresh() {
            return None;
        }
        let known = self.sessions.get(&id)?;
        let account = self.accounts.get(&known.account)?;
        // The account is here again, by another of its sessions, and this one has ended.
        if !is_living(known.generation, &account) {
            return None;
        }
        let last_used = Timestamp::from_timestamp_micros(known.last_used.load(Ordering::Relaxed))?;
        let age = now.signed_duration_since(known.looked_up).to_std();
        if age.map_or(true, |age| age > OLDEST) || !in_time(known.expires_at, last_used, now, self.idle_ttl) {
            return None;
        }
        let noteworthy = uses::is_noteworthy(last_used, now);
        if noteworthy {
            known.last_used.fetch_max(now.timestamp_micros(), Ordering::Relaxed);
        }
        Some((account, noteworthy))
    }

    /// To be asked for before a look-up begins.
    pub(crate) fn ticket(&self) -> Ticket {
        let epoch = *self.lock();
        Ticket((self.capacity > 0 && self.freshness.is_fresh()).then_some(epoch))
    }

    /// Remembers what a look-up found active, unless something was taken out since its ticket was given.
    pub(crate) fn keep(&self, ticket: &Ticket, session: &Session, account: Arc<Account>, now: Timestamp) {
        let epoch = self.lock();
        if ticket.0 != Some(*epoch) {
            return;
        }
        let last_used = AtomicI64::new(session.last_used_at.timestamp_micros());
        let (expires_at, generation) = (session.expires_at, session.generation);
        let known = Known { account: account.id, generation, expires_at, looked_up: now, last_used };
        self.accounts.insert(account.id, account);
        self.sessions.insert(session.id, Arc::new(known));
    }

    /// Takes sessions out.
    pub(crate) fn forget_sessions(&self, ids: &[SessionId]) {
        let mut epoch = self.lock();
        *epoch += 1;
        for id in ids {
            self.sessions.remove(id);
        }
    }

    /// Takes an account out, and with it all its sessions: without it none of them is found.
    pub(crate) fn forget_account(&self, id: AccountId) {
        let mut epoch = self.lock();
        *epoch += 1;
        self.accounts.remove(&id);
    }

    /// Takes everything out.
    pub(crate) fn clear(&self) {
        let mut epoch = self.lock();
        *epoch += 1;
        self.sessions.clear();
        self.accounts.clear();
    }

    /// Sessions remembered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u64> {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionCache({} of {})", self.len(), self.capacity)
    }
}
