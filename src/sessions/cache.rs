//! A cache of active sessions and their accounts, so that verifying a caller needs no query.
//!
//! The cache only ever confirms that a session is active. A session that is not in it, or that it does not show as
//! active, is looked up in the database. Three rules keep it coherent. What ends or changes a session or an account
//! removes it from the cache. A look-up during which anything was removed is not remembered. While the feed of
//! changes is stale, nothing is read from the cache and nothing is added.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::freshness::Freshness;
use super::uses::LastUse;
use super::{ActiveAt, Lifetime, Session, is_living};
use crate::accounts::Account;
use crate::clock::Timestamp;
use crate::ids::{AccountId, SessionId};

/// How long an entry is valid at most. The feed reports changes. This bound is for changes that no trigger reported,
/// if somebody has switched the triggers off.
const OLDEST: Duration = Duration::from_secs(300);

/// The cached sessions and accounts. The number of each is bounded, and the least recently used are evicted.
pub struct SessionCache {
    sessions: Cache<SessionId, Arc<Known>>,
    accounts: Cache<AccountId, Arc<Account>>,
    /// How often something was removed. The lock is held while entries are added or removed, so that neither
    /// overtakes the other.
    epoch: Mutex<u64>,
    freshness: Arc<Freshness>,
    capacity: usize,
    idle_ttl: Duration,
    /// What is kept where somebody asks for it.
    counts: OnceLock<Box<Counts>>,
}

/// How often callers were found here, and how often not. Each request writes it, so it shares no line of a processor's
/// cache with what each request reads.
#[derive(Default)]
#[repr(align(128))]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// A session that was active when it was looked up.
struct Known {
    account: AccountId,
    generation: i64,
    expires_at: Timestamp,
    /// When it was looked up.
    looked_up: Timestamp,
    /// Its last recorded use, in microseconds since 1970: first as the row has it, later as this instance saw it.
    last_used: AtomicI64,
}

/// Permits to add the result of a look-up that began at this moment.
#[derive(Debug)]
pub(crate) struct Ticket(Option<u64>);

impl SessionCache {
    /// A cache of up to `capacity` sessions and as many accounts. It is used only while `freshness` says that the
    /// feed is fresh. Sessions end when nobody uses them for `idle_ttl`.
    #[must_use]
    pub fn new(capacity: usize, idle_ttl: Duration, freshness: Arc<Freshness>) -> Self {
        Self {
            sessions: Cache::new(capacity),
            accounts: Cache::new(capacity),
            epoch: Mutex::new(0),
            freshness,
            capacity,
            idle_ttl,
            counts: OnceLock::new(),
        }
    }

    /// From now on it is counted how often callers are found here.
    pub(crate) fn measure(&self) {
        let _ = self.counts.set(Box::default());
    }

    /// How often a caller was found here, and how often not, since it is counted.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let Some(Counts { hits, misses }) = self.counts.get().map(AsRef::as_ref) else { return (0, 0) };
        (hits.load(Ordering::Relaxed), misses.load(Ordering::Relaxed))
    }

    /// The session's account if the session is known to be active at `now`, and whether this use has to be recorded.
    pub(crate) fn get(&self, id: SessionId, now: Timestamp) -> Option<(Arc<Account>, bool)> {
        let found = self.find(id, now);
        if let Some(Counts { hits, misses }) = self.counts.get().map(AsRef::as_ref) {
            let count = if found.is_some() { hits } else { misses };
            count.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    fn find(&self, id: SessionId, now: Timestamp) -> Option<(Arc<Account>, bool)> {
        if !self.freshness.is_fresh() {
            return None;
        }
        let known = self.sessions.get(&id)?;
        let account = self.accounts.get(&known.account)?;
        // Another session has brought the account back into the cache, and this one has ended.
        if !is_living(known.generation, &account) {
            return None;
        }
        let last_used = Timestamp::from_timestamp_micros(known.last_used.load(Ordering::Relaxed))?;
        let age = now.signed_duration_since(known.looked_up).to_std();
        let lifetime = Lifetime { expires_at: known.expires_at, last_used_at: last_used };
        if age.map_or(true, |age| age > OLDEST) || !lifetime.includes(ActiveAt::new(now, self.idle_ttl)) {
            return None;
        }
        let noteworthy = LastUse(last_used).is_noteworthy(now);
        if noteworthy {
            known.last_used.fetch_max(now.timestamp_micros(), Ordering::Relaxed);
        }
        Some((account, noteworthy))
    }

    /// Call this before a look-up begins.
    pub(crate) fn ticket(&self) -> Ticket {
        let epoch = *self.lock();
        Ticket((self.capacity > 0 && self.freshness.is_fresh()).then_some(epoch))
    }

    /// Adds an active session that a look-up found, unless something was removed since the ticket was issued.
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

    /// Removes sessions.
    pub(crate) fn forget_sessions(&self, ids: &[SessionId]) {
        let mut epoch = self.lock();
        *epoch += 1;
        for id in ids {
            self.sessions.remove(id);
        }
    }

    /// Removes an account, and with it all its sessions, because none of them is found without it.
    pub(crate) fn forget_account(&self, id: AccountId) {
        let mut epoch = self.lock();
        *epoch += 1;
        self.accounts.remove(&id);
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        let mut epoch = self.lock();
        *epoch += 1;
        self.sessions.clear();
        self.accounts.clear();
    }

    /// The number of cached sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether no session is cached.
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
