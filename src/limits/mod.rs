//! Limits on attempts: token buckets, most of them in the database, so that all instances count together.
//!
//! A bucket is one moment, that at which it will be full again; taking from it moves that on (the generic cell rate algorithm, ITU-T
//! I.371). The steps of an [`Attempt`] are taken in the statement that the attempt needs anyway (`portcullis_take` in the migrations), so a
//! limit costs no round trip, and what counts is the attempt, not the request that it came in.

mod attempt;
mod local;
pub(crate) mod store;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::client::Client;
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::config::Rate;
use attempt::Key;
pub use attempt::{Attempt, Taken, Verdict};
use local::Buckets;

/// Networks that an instance counts the requests and attempts of.
const NETWORKS: usize = 100_000;

/// Failed logins of one account that are written down; more tell its owner nothing.
const FAILURES: Rate = Rate { burst: 20, period: Duration::from_secs(3600) };

/// Failed logins from one address that are written down, for all accounts.
const FAILURES_OF_ADDRESS: Rate = Rate { burst: 200, period: Duration::from_secs(3600) };

/// How often it is written down that an account's logins are limited.
const LIMITED: Rate = Rate { burst: 1, period: Duration::from_secs(3600) };

/// Accounts that an instance has in mind for that.
const ACCOUNTS: usize = 10_000;

/// The limits of this instance.
pub struct Limits {
    rates: config::Limits,
    requests: Buckets<Option<IpAddr>>,
    attempts: Buckets<Option<IpAddr>>,
    limited: Buckets<Vec<u8>>,
}

impl Limits {
    /// Limits by the settings.
    #[must_use]
    pub fn new(rates: config::Limits) -> Self {
        Self {
            rates,
            requests: Buckets::new(rates.requests, NETWORKS),
            attempts: Buckets::new(rates.attempts, NETWORKS),
            limited: Buckets::new(LIMITED, ACCOUNTS),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn request(&self, client: &Client, clock: &Clock) -> Result<(), Duration> {
        if self.rates.enabled { self.requests.take(client.network(), clock.now()) } else { Ok(()) }
    }

    /// Counts an attempt of any kind, before anything is done for it.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub fn attempt(&self, client: &Client, now: Timestamp) -> Result<(), Duration> {
        if self.rates.enabled { self.attempts.take(client.network(), now) } else { Ok(()) }
    }

    /// A password tried for the account that `identifier` names, if there is one: it counts alike.
    ///
    /// The address's bucket for the account is the smallest. That of the account bounds what many addresses try together, and
    /// shuts nobody out: when it is empty, each address has a few tries left of its own.
    #[must_use]
    pub fn login(&self, client: &Client, identifier: &str, now: Timestamp) -> Attempt {
        let network = client.network();
        let address = Key::new("login/address").network(network);
        let pair = |name| Key::new(name).network(network).text(identifier);
        self.steps(
            now,
            vec![
                (0, pair("login"), self.rates.login),
                (1, address, self.rates.login_address),
                (2, Key::new("login/account").text(identifier), self.rates.login_account),
                (2, pair("login/attacked"), self.rates.login_attacked),
            ],
        )
    }

    /// A password tried on a device that has signed in to the account before. It counts by itself, so whatever others do there is
    /// room for it.
    #[must_use]
    pub fn login_on_device(&self, device: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("login/device").bytes(device), self.rates.login)])
    }

    /// The current password given once more in a session, to change it.
    #[must_use]
    pub fn change_password(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("password").bytes(session), self.rates.login)])
    }

    /// A registration.
    #[must_use]
    pub fn register(&self, client: &Client, now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("register").network(client.network()), self.rates.register)])
    }

    /// A refresh of a session.
    #[must_use]
    pub fn refresh(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("refresh").bytes(session), self.rates.refresh)])
    }

    /// The writing down of a failed login.
    #[must_use]
    pub fn failure(&self, client: &Client, identifier: &str, now: Timestamp) -> Attempt {
        let address = Key::new("event/failed/address").network(client.network());
        let account = Key::new("event/failed").text(identifier);
        Attempt::new(now, vec![(0, account, FAILURES), (1, address, FAILURES_OF_ADDRESS)])
    }

    /// The writing down that logins of an account are limited; none when this instance did so a short time ago.
    #[must_use]
    pub fn limited(&self, identifier: &str, now: Timestamp) -> Option<Attempt> {
        let key = || Key::new("event/limited").text(identifier);
        self.limited.take(key().finish(), now).ok()?;
        Some(Attempt::new(now, vec![(0, key(), LIMITED)]))
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
