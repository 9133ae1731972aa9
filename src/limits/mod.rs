//! Limits on attempts: token buckets, most of them in the database, so that all instances count together.
//!
//! A bucket is one moment, that at which it will be full again; taking from it moves that on (the generic cell rate algorithm, ITU-T
//! I.371). The steps of an [`Attempt`] are taken in the statement that the attempt needs anyway (`portcullis_take` in the migrations), so a
//! limit costs no round trip, and what counts is the attempt, not the request that it came in.

mod attempt;
mod local;
pub(crate) mod store;
pub(crate) mod turns;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::config::Rate;
pub(crate) use attempt::AttemptOutcome;
use attempt::Key;
pub use attempt::{Attempt, Consumed, Decision, Refusal};
use local::Buckets;
use turns::Turns;

/// Networks that an instance counts the requests and attempts of.
const NETWORKS: usize = 100_000;

/// Failed logins of one account that are written down; more tell its owner nothing.
const FAILURES: Rate = Rate { burst: 20, period: Duration::from_secs(3600) };

/// Failed logins from one address that are written down, for all accounts.
const FAILURES_OF_ADDRESS: Rate = Rate { burst: 200, period: Duration::from_secs(3600) };

/// How often it is written down that an account's logins are limited.
const LIMITED: Rate = Rate { burst: 1, period: Duration::from_secs(3600) };

/// How often one address may cause that.
const LIMITED_OF_ADDRESS: Rate = Rate { burst: 20, period: Duration::from_secs(3600) };

/// Accounts that an instance has in mind for that, and for changes of their passwords.
const ACCOUNTS: usize = 10_000;

/// Devices and sessions that an instance counts the attempts of.
const HOLDERS: usize = 100_000;

/// Service keys of one address that an instance looks up without knowing that they are good.
const SERVICE_KEYS: Rate = Rate { burst: 20, period: Duration::from_secs(60) };

/// The steps of a login. Those for an address come before those for an account, so that an address that is used up counts
/// against no account.
const PAIR: i32 = 0;
const ADDRESS: i32 = 1;
const SITE: i32 = 2;
const ACCOUNT: i32 = 3;

/// The step of a login that counts those that succeed.
const SESSIONS: i32 = 4;

/// What the networks of one site have together.
fn of_site(rate: Rate) -> Rate {
    Rate { burst: rate.burst.saturating_mul(10), ..rate }
}

/// The limits of this instance.
pub struct Limits {
    rates: config::Limits,
    requests: Buckets<Option<IpAddr>>,
    attempts: Buckets<Option<IpAddr>>,
    of_sites: Buckets<IpAddr>,
    of_devices: Buckets<Vec<u8>>,
    of_sessions: Buckets<Vec<u8>>,
    devices_of_accounts: Buckets<Vec<u8>>,
    few_of_devices: Buckets<Vec<u8>>,
    changes: Buckets<Vec<u8>>,
    few_changes: Buckets<Vec<u8>>,
    limited: Buckets<Vec<u8>>,
    service_keys: Buckets<Option<IpAddr>>,
    service_keys_of_sites: Buckets<IpAddr>,
    /// Those who wait for what others may give back.
    pub(crate) turns: Arc<Turns>,
}

impl Limits {
    /// Limits by the settings.
    #[must_use]
    pub fn new(rates: config::Limits) -> Self {
        Self {
            rates,
            requests: Buckets::new(rates.requests, NETWORKS),
            attempts: Buckets::new(rates.attempts, NETWORKS),
            of_sites: Buckets::new(of_site(rates.attempts), NETWORKS),
            of_devices: Buckets::new(rates.attempts, HOLDERS),
            of_sessions: Buckets::new(rates.attempts, HOLDERS),
            devices_of_accounts: Buckets::new(rates.attempts, ACCOUNTS),
            few_of_devices: Buckets::new(rates.login, HOLDERS),
            changes: Buckets::new(rates.attempts, ACCOUNTS),
            few_changes: Buckets::new(rates.login_attacked, HOLDERS),
            limited: Buckets::new(LIMITED, ACCOUNTS),
            service_keys: Buckets::new(SERVICE_KEYS, NETWORKS),
            service_keys_of_sites: Buckets::new(of_site(SERVICE_KEYS), NETWORKS),
            turns: Arc::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn request(&self, client: &Client, clock: &Clock) -> Result<(), Duration> {
        if self.rates.enabled { self.requests.take(client.network(), clock.now()) } else { Ok(()) }
    }

    /// Counts an attempt of any kind, before anything is done for it. Not for those who show a token of ours: they have buckets of
    /// their own, and nobody beside them is to use up theirs.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn attempt(&self, client: &Client, now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        // In this order: a network that is used up takes nothing from its site.
        self.attempts.take(client.network(), now)?;
        client.site().map_or(Ok(()), |site| self.of_sites.take(site, now))
    }

    /// Counts a password to be compared on a device that has signed in before: each device for itself, as often as an address. All
    /// devices of an account have as much together; when some of them have used that up, each of the others has as many as it may guess.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn on_device(&self, account: &[u8], device: &[u8], now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.of_devices.take(device.to_vec(), now)?;
        let together = self.devices_of_accounts.take(account.to_vec(), now);
        together.or_else(|_| self.few_of_devices.take(device.to_vec(), now))
    }

    /// Counts a password given once more in a session, before anything is looked up, as often as an address may try.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn in_session(&self, session: &[u8], now: Timestamp) -> Result<(), Duration> {
        if self.rates.enabled { self.of_sessions.take(session.to_vec(), now) } else { Ok(()) }
    }

    /// Counts such a password that is going to be compared. A right one is given back to its session, so else the owner could keep the
    /// hashing threads busy. All sessions of an account have as much together as an address; when some of them have used that up, each
    /// of the others has a few of its own.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn change(&self, account: &[u8], session: &[u8], now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.changes.take(account.to_vec(), now).or_else(|_| self.few_changes.take(session.to_vec(), now))
    }

    /// Counts a service key that has to be looked up without a sign that it is good.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn service_key(&self, client: &Client, now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.service_keys.take(client.network(), now)?;
        client.site().map_or(Ok(()), |site| self.service_keys_of_sites.take(site, now))
    }

    /// A password tried for the account that `identifier` names, if there is one: it counts alike.
    ///
    /// The address's bucket for the account is the smallest. That of the account bounds what many addresses try together, and
    /// shuts nobody out: when it is empty, each address has a few tries left of its own. What succeeds takes from another bucket alone,
    /// or whoever knows the password could open sessions without end; that one shuts nobody out in the same way.
    #[must_use]
    pub fn login(&self, client: &Client, identifier: &str, now: Timestamp) -> Attempt {
        let network = client.network();
        let address = Key::new("login/address").network(network);
        let pair = |name| Key::new(name).network(network).text(identifier);
        let mut steps = vec![(PAIR, pair("login"), self.rates.login), (ADDRESS, address, self.rates.login_address)];
        if let Some(site) = client.site() {
            let site = Key::new("login/site").network(Some(site));
            steps.push((SITE, site, of_site(self.rates.login_address)));
        }
        steps.push((ACCOUNT, Key::new("login/account").text(identifier), self.rates.login_account));
        steps.push((ACCOUNT, pair("login/attacked"), self.rates.login_attacked));
        steps.push((SESSIONS, Key::new("login/sessions").text(identifier), self.rates.sessions));
        steps.push((SESSIONS, pair("login/sessions/few"), self.rates.login_attacked));
        self.steps(now, steps).telling(&[PAIR, ACCOUNT]).counting_success(SESSIONS).held()
    }

    /// A password tried on a device that has signed in to the account before. It counts by itself, so whatever strangers do there is
    /// room for it; and with the account's other devices, since somebody who once had the password may have collected many. When one
    /// of those has used up what they have together, each of the others has a few of its own.
    ///
    /// What succeeds counts for `identifier`, as elsewhere; past that the device has as many successes as it has tries.
    #[must_use]
    pub fn login_on_device(&self, account: &[u8], device: &[u8], identifier: &str, now: Timestamp) -> Attempt {
        let key = |name| Key::new(name).bytes(device);
        let devices = Key::new("login/devices").bytes(account);
        let steps = vec![
            (0, key("login/device"), self.rates.login),
            (1, devices, self.rates.login_account),
            (1, key("login/device/attacked"), self.rates.login_attacked),
            (SESSIONS, Key::new("login/sessions").text(identifier), self.rates.sessions),
            (SESSIONS, key("login/sessions/device"), self.rates.login),
        ];
        self.steps(now, steps).counting_success(SESSIONS).held()
    }

    /// The current password given once more in a session, to change it.
    #[must_use]
    pub fn change_password(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("password").bytes(session), self.rates.login)]).held()
    }

    /// A registration.
    #[must_use]
    pub fn register(&self, client: &Client, now: Timestamp) -> Attempt {
        let mut steps = vec![(0, Key::new("register").network(client.network()), self.rates.register)];
        if let Some(site) = client.site() {
            steps.push((1, Key::new("register/site").network(Some(site)), of_site(self.rates.register)));
        }
        self.steps(now, steps)
    }

    /// A refresh of a session.
    #[must_use]
    pub fn refresh(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("refresh").bytes(session), self.rates.refresh)])
    }

    /// The writing down of a failed login. Names of accounts that do not exist use up nothing of those that do.
    #[must_use]
    pub fn failure(&self, client: &Client, identifier: &str, is_known: bool, now: Timestamp) -> Attempt {
        let address = Key::new("event/failed/address").network(client.network()).bytes(&[u8::from(is_known)]);
        let account = Key::new("event/failed").text(identifier);
        Attempt::new(now, vec![(0, account, FAILURES), (1, address, FAILURES_OF_ADDRESS)])
    }

    /// The writing down that there were too many attempts of what `name` stands for; none when this instance did so a short time
    /// ago.
    #[must_use]
    pub fn limited(&self, client: &Client, name: &[u8], now: Timestamp) -> Option<Attempt> {
        let key = || Key::new("event/limited").bytes(name);
        self.limited.take(key().finish(), now).ok()?;
        let address = Key::new("event/limited/address").network(client.network());
        Some(Attempt::new(now, vec![(0, key(), LIMITED), (1, address, LIMITED_OF_ADDRESS)]))
    }

    /// How many attempts wait for what others may give back.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    fn steps(&self, now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Attempt {
        if self.rates.enabled { Attempt::new(now, steps) } else { Attempt::free(now) }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rates.fmt(f)
    }
}
