//! Limits on attempts: token buckets, most of them in the database, so that all instances count together.
//!
//! A bucket is stored as the moment at which it will be full again. Taking from it moves that moment on (the generic
//! cell rate algorithm, ITU-T I.371). The statement that an [`Attempt`] needs anyway takes its steps
//! (`portcullis_take` in the migrations), so a limit costs no round trip. Attempts are counted, not requests.

mod attempt;
mod factors;
mod in_flow;
mod key;
mod kind;
mod local;
mod mails;
pub(crate) mod store;
pub(crate) mod turns;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::client::{Client, network};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::config::Rate;
pub(crate) use attempt::AttemptOutcome;
pub(crate) use attempt::{Attempt, Consumed, Decision, Refusal};
pub(crate) use factors::{FactorAttempt, KnownBy};
pub(crate) use in_flow::FlowAttempt;
use key::{Key, Name};
use kind::{Kind, Refusals};
use local::Buckets;
use turns::Turns;

/// How many networks an instance counts requests and attempts of.
const NETWORKS: usize = 100_000;

/// How many failed logins of one account are recorded. More would tell its owner nothing new.
const FAILURES: Rate = Rate { burst: 20, period: Duration::from_secs(3600) };

/// How many failed logins from one address are recorded, for all accounts together.
const FAILURES_OF_ADDRESS: Rate = Rate { burst: 200, period: Duration::from_secs(3600) };

/// How often it is recorded that an account's logins are limited.
const LIMITED: Rate = Rate { burst: 1, period: Duration::from_secs(3600) };

/// How often one address may cause that.
const LIMITED_OF_ADDRESS: Rate = Rate { burst: 20, period: Duration::from_secs(3600) };

/// How long the next mail of a kind to an e-mail address waits.
pub(crate) const RESEND: Rate = Rate { burst: 1, period: Duration::from_secs(60) };

/// How many accounts an instance remembers for that, and for changes of their passwords.
const ACCOUNTS: usize = 10_000;

/// How many devices and sessions an instance counts attempts of.
const HOLDERS: usize = 100_000;

/// How many service keys from one address an instance looks up without knowing that they are valid.
const SERVICE_KEYS: Rate = Rate { burst: 20, period: Duration::from_secs(60) };

/// The steps of a login. Those for an address come before those for an account, so that an address that has used up
/// its attempts does not use up those at an account.
const PAIR: i32 = 0;
const ADDRESS: i32 = 1;
const SITE: i32 = 2;
const ACCOUNT: i32 = 3;

/// The step of a login that counts those that succeed.
const SESSIONS: i32 = 4;

/// The limit that all networks of one site share.
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
    refusals: Arc<Refusals>,
    /// The attempts that wait for what others may give back.
    pub(crate) turns: Arc<Turns>,
}

impl Limits {
    /// The limits of these settings.
    #[must_use]
    pub fn new(rates: config::Limits) -> Self {
        let refusals = Arc::<Refusals>::default();
        Self {
            rates,
            requests: Buckets::new(rates.requests, NETWORKS).counted(Kind::Requests, &refusals),
            attempts: Buckets::new(rates.attempts, NETWORKS).counted(Kind::Attempts, &refusals),
            of_sites: Buckets::new(of_site(rates.attempts), NETWORKS).counted(Kind::AttemptsOfSite, &refusals),
            of_devices: Buckets::new(rates.attempts, HOLDERS).counted(Kind::AttemptsOnDevice, &refusals),
            of_sessions: Buckets::new(rates.attempts, HOLDERS).counted(Kind::AttemptsInSession, &refusals),
            devices_of_accounts: Buckets::new(rates.attempts, ACCOUNTS),
            few_of_devices: Buckets::new(rates.login, HOLDERS).counted(Kind::AttemptsOnDevices, &refusals),
            changes: Buckets::new(rates.attempts, ACCOUNTS),
            few_changes: Buckets::new(rates.login_attacked, HOLDERS).counted(Kind::AttemptsInSessions, &refusals),
            limited: Buckets::new(LIMITED, ACCOUNTS),
            service_keys: Buckets::new(SERVICE_KEYS, NETWORKS).counted(Kind::ServiceKeys, &refusals),
            service_keys_of_sites: Buckets::new(of_site(SERVICE_KEYS), NETWORKS)
                .counted(Kind::ServiceKeysOfSite, &refusals),
            refusals,
            turns: Arc::default(),
        }
    }

    /// A connection was refused, because too many are open of the same network, or of all.
    pub(crate) fn refused_connection(&self, of_network: bool) {
        self.refusals.count(if of_network { Kind::ConnectionsOfNetwork } else { Kind::Connections });
    }

    /// How often each limit refused something on this instance, by its name.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refusals.all()
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn request(&self, address: Option<IpAddr>, clock: &Clock) -> Result<(), Duration> {
        if self.rates.enabled { self.requests.take(address.map(network), clock.now()) } else { Ok(()) }
    }

    /// Counts an attempt of any kind, before anything is done for it. It is not for clients that show a token of
    /// ours, which have buckets of their own that nobody else can use up.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn attempt(&self, client: &Client, now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        // In this order, so that a network that has used up its limit takes nothing from its site.
        self.attempts.take(client.network(), now)?;
        client.site().map_or(Ok(()), |site| self.of_sites.take(site, now))
    }

    /// Counts a password that is to be compared on a device that has signed in before. Each device has the limit of
    /// an address. All devices of an account share as much. When some of them have used that up, each of the others
    /// has a few attempts of its own.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn on_device(&self, account: &[u8], device: &[u8], now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.of_devices.take(device.to_vec(), now)?;
        let together = self.devices_of_accounts.take(account.to_vec(), now);
        together.or_else(|_| self.few_of_devices.take(device.to_vec(), now))
    }

    /// Counts a password that is repeated in a session, before anything is looked up. The limit is that of an
    /// address.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn in_session(&self, session: &[u8], now: Timestamp) -> Result<(), Duration> {
        if self.rates.enabled { self.of_sessions.take(session.to_vec(), now) } else { Ok(()) }
    }

    /// Counts such a password that is going to be compared. Without this limit an owner could keep the hashing
    /// threads busy, because a right password does not count for its session. All sessions of an account share the
    /// limit of an address. When some of them have used that up, each of the others has a few attempts of its own.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn change(&self, account: &[u8], session: &[u8], now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.changes.take(account.to_vec(), now).or_else(|_| self.few_changes.take(session.to_vec(), now))
    }

    /// Counts a service key that has to be looked up without a sign that it is valid.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn service_key(&self, client: &Client, now: Timestamp) -> Result<(), Duration> {
        if !self.rates.enabled {
            return Ok(());
        }
        self.service_keys.take(client.network(), now)?;
        client.site().map_or(Ok(()), |site| self.service_keys_of_sites.take(site, now))
    }

    /// A password for the account that `identifier` names. It counts alike if there is no such account.
    ///
    /// The address's bucket for the account is the smallest. The account's bucket bounds what many addresses try
    /// together, and locks nobody out: when it is empty, each address has a few attempts of its own. Successes take
    /// from another bucket only, so that someone who knows the password can't open sessions without end. That bucket
    /// locks nobody out either.
    #[must_use]
    pub fn login(&self, client: &Client, identifier: &str, now: Timestamp) -> Attempt {
        let network = client.network();
        let address = Key::new(Kind::LoginAddress).network(network);
        let pair = |name: Name| Key::new(name).network(network).text(identifier);
        let mut steps =
            vec![(PAIR, pair(Kind::Login.into()), self.rates.login), (ADDRESS, address, self.rates.login_address)];
        if let Some(site) = client.site() {
            let site = Key::new(Kind::LoginSite).network(Some(site));
            steps.push((SITE, site, of_site(self.rates.login_address)));
        }
        steps.push((ACCOUNT, Key::new(Kind::LoginAccount).text(identifier), self.rates.login_account));
        steps.push((ACCOUNT, pair("login/attacked".into()), self.rates.login_attacked));
        steps.push((SESSIONS, Key::new(Kind::LoginSessions).text(identifier), self.rates.sessions));
        steps.push((SESSIONS, pair("login/sessions/few".into()), self.rates.login_attacked));
        self.steps(now, steps).telling(&[PAIR, ACCOUNT]).counting_success(&[SESSIONS]).patient()
    }

    /// A password on a device that has signed in to the account before. The device has a bucket of its own, so
    /// strangers can't use up its attempts. It also counts with the account's other devices, because somebody who
    /// once had the password may have collected many device tokens. When one device has used up what they share, each
    /// of the others has a few attempts of its own.
    ///
    /// Successes count for `identifier`, as elsewhere. When that bucket is empty, the device has as many successes as
    /// it has attempts.
    #[must_use]
    pub fn login_on_device(&self, account: &[u8], device: &[u8], identifier: &str, now: Timestamp) -> Attempt {
        let key = |name: Name| Key::new(name).bytes(device);
        let devices = Key::new(Kind::LoginDevices).bytes(account);
        let steps = vec![
            (0, key(Kind::LoginDevice.into()), self.rates.login),
            (1, devices, self.rates.login_account),
            (1, key("login/device/attacked".into()), self.rates.login_attacked),
            (SESSIONS, Key::new(Kind::LoginSessions).text(identifier), self.rates.sessions),
            (SESSIONS, key("login/sessions/device".into()), self.rates.login),
        ];
        self.steps(now, steps).counting_success(&[SESSIONS]).patient()
    }

    /// The current password, which is repeated in a session.
    #[must_use]
    pub fn change_password(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new(Kind::Password).bytes(session), self.rates.login)]).patient()
    }

    /// A refresh of a session.
    #[must_use]
    pub fn refresh(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new(Kind::Refresh).bytes(session), self.rates.refresh)])
    }

    /// The recording of a failed login. Names of accounts that do not exist use up nothing of those that do.
    #[must_use]
    pub fn failure(&self, client: &Client, identifier: impl AsRef<[u8]>, is_known: bool, now: Timestamp) -> Attempt {
        let address = Key::new("event/failed/address").network(client.network()).bytes(&[u8::from(is_known)]);
        let account = Key::new("event/failed").bytes(identifier.as_ref());
        Attempt::new(now, vec![(0, account, FAILURES), (1, address, FAILURES_OF_ADDRESS)])
    }

    /// The recording that there were too many attempts under `name`. `None` when this instance recorded that a short
    /// time ago.
    #[must_use]
    pub fn limited(&self, client: &Client, name: &[u8], now: Timestamp) -> Option<Attempt> {
        let key = || Key::new("event/limited").bytes(name);
        self.limited.take(key().finish(), now).ok()?;
        let address = Key::new("event/limited/address").network(client.network());
        Some(Attempt::new(now, vec![(0, key(), LIMITED), (1, address, LIMITED_OF_ADDRESS)]))
    }

    /// The number of attempts that wait for what others may give back.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    fn steps(&self, now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Attempt {
        if self.rates.enabled { Attempt::new(now, steps).counted(&self.refusals) } else { Attempt::free(now) }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rates.fmt(f)
    }
}
