//! Limits on attempts: token buckets, most of them in the database, so that all instances count together.
//!
//! A bucket is stored as the moment at which it will be full again. Taking from it moves that moment on (the generic
//! cell rate algorithm, ITU-T I.371). The statement that an [`Attempt`] needs anyway takes its steps
//! (`portcullis_take` in the migrations), so a limit costs no round trip. Attempts are counted, not requests.

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
pub(crate) use attempt::{Attempt, Consumed, Decision, Refusal};
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

/// The steps of a mail that somebody asks for, after those of the client.
const RESENT: i32 = 2;
const RECIPIENT_OF_KIND: i32 = 3;
const RECIPIENT: i32 = 4;
const RECIPIENT_DAY_OF_KIND: i32 = 5;
const RECIPIENT_DAY: i32 = 6;
const OF_ACCOUNT: i32 = 7;

/// The mailbox of a folded address. What stands after a `+` is only a label at most hosts, and none of its own.
fn mailbox(recipient: &str) -> String {
    match recipient.split_once('@') {
        Some((local, host)) => format!("{}@{host}", local.split_once('+').map_or(local, |(local, _)| local)),
        None => recipient.to_owned(),
    }
}

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
    /// The attempts that wait for what others may give back.
    pub(crate) turns: Arc<Turns>,
}

impl Limits {
    /// The limits of these settings.
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
    /// How long to wait, when there were too many.
    pub fn request(&self, client: &Client, clock: &Clock) -> Result<(), Duration> {
        if self.rates.enabled { self.requests.take(client.network(), clock.now()) } else { Ok(()) }
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
        self.steps(now, steps).telling(&[PAIR, ACCOUNT]).counting_success(&[SESSIONS]).held()
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
        let key = |name| Key::new(name).bytes(device);
        let devices = Key::new("login/devices").bytes(account);
        let steps = vec![
            (0, key("login/device"), self.rates.login),
            (1, devices, self.rates.login_account),
            (1, key("login/device/attacked"), self.rates.login_attacked),
            (SESSIONS, Key::new("login/sessions").text(identifier), self.rates.sessions),
            (SESSIONS, key("login/sessions/device"), self.rates.login),
        ];
        self.steps(now, steps).counting_success(&[SESSIONS]).held()
    }

    /// The current password, which is repeated in a session.
    #[must_use]
    pub fn change_password(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("password").bytes(session), self.rates.login)]).held()
    }

    /// A registration.
    #[must_use]
    pub fn register(&self, client: &Client, now: Timestamp) -> Attempt {
        self.steps(now, self.registering(client))
    }

    /// A registration that has to be confirmed by mail. `recipient` is the folded address. Its buckets count mails that are sent,
    /// so one of which nothing comes gives back what it took from them.
    #[must_use]
    pub fn register_by_mail(&self, client: &Client, recipient: &str, now: Timestamp) -> Attempt {
        let mut steps = self.registering(client);
        steps.extend(self.mailing("registration", recipient));
        self.steps(now, steps).counting_success(&[RESENT, RECIPIENT, RECIPIENT_DAY])
    }

    /// A mail of a kind that somebody asks for. `recipient` is the folded address, whether an account has it or not. The client's
    /// buckets come first, so that a client that has used up its mails takes nothing from those of an address.
    #[must_use]
    pub fn mail(&self, client: &Client, kind: &str, recipient: &str, now: Timestamp) -> Attempt {
        self.steps(now, self.mailed(client, kind, recipient))
    }

    /// A mail to an address that `account` is to have. It counts for the account as well, from wherever its owner asks, so that
    /// nobody writes to many strangers by one account.
    #[must_use]
    pub fn mail_of_account(
        &self,
        client: &Client,
        account: &[u8],
        kind: &str,
        recipient: &str,
        now: Timestamp,
    ) -> Attempt {
        let mut steps = self.mailed(client, kind, recipient);
        steps.push((OF_ACCOUNT, Key::new("mail/account").bytes(account), self.rates.mail));
        self.steps(now, steps)
    }

    /// A mail that the owner of `account` asks for in a session. Nobody else uses up what it takes, but for the limits of the
    /// address.
    #[must_use]
    pub fn mail_in_session(&self, account: &[u8], kind: &str, recipient: &str, now: Timestamp) -> Attempt {
        let mut steps = self.mailing(kind, recipient);
        steps.push((OF_ACCOUNT, Key::new("mail/account").bytes(account), self.rates.mail));
        self.steps(now, steps)
    }

    fn mailed(&self, client: &Client, kind: &str, recipient: &str) -> Vec<(i32, Key, Rate)> {
        let mut steps = vec![(0, Key::new("mail/client").network(client.network()), self.rates.mail)];
        if let Some(site) = client.site() {
            steps.push((1, Key::new("mail/site").network(Some(site)), of_site(self.rates.mail)));
        }
        steps.extend(self.mailing(kind, recipient));
        steps
    }

    fn registering(&self, client: &Client) -> Vec<(i32, Key, Rate)> {
        let mut steps = vec![(0, Key::new("register").network(client.network()), self.rates.register)];
        if let Some(site) = client.site() {
            steps.push((1, Key::new("register/site").network(Some(site)), of_site(self.rates.register)));
        }
        steps
    }

    /// Mails of one kind wait for each other. All kinds have the rest in common, but for two. Resets have a few more in reserve, so
    /// that nobody keeps an owner out by asking for other mails. Changes of an address count by themselves, because some of them
    /// send nothing, and must not use up what others get.
    fn mailing(&self, kind: &str, recipient: &str) -> Vec<(i32, Key, Rate)> {
        let recipient = mailbox(recipient);
        let key = |name| Key::new(name).text(&recipient);
        let (hour, day) = (self.rates.mail_recipient, self.rates.mail_recipient_day);
        let mut steps = vec![(RESENT, key("mail/resend").text(kind), RESEND)];
        match kind {
            "password_reset" => {
                let few = |rate: Rate| Rate { burst: rate.burst.div_ceil(3), ..rate };
                steps.push((RECIPIENT_OF_KIND, key("mail/reset"), hour));
                steps.push((RECIPIENT, key("mail/reset/reserve"), few(hour)));
                steps.push((RECIPIENT, key("mail/recipient"), hour));
                steps.push((RECIPIENT_DAY_OF_KIND, key("mail/reset/day"), day));
                steps.push((RECIPIENT_DAY, key("mail/reset/day/reserve"), few(day)));
                steps.push((RECIPIENT_DAY, key("mail/recipient/day"), day));
            }
            "email_change" => {
                steps.push((RECIPIENT, key("mail/change"), hour));
                steps.push((RECIPIENT_DAY, key("mail/change/day"), day));
            }
            _ => {
                steps.push((RECIPIENT, key("mail/recipient"), hour));
                steps.push((RECIPIENT_DAY, key("mail/recipient/day"), day));
            }
        }
        steps
    }

    /// A refresh of a session.
    #[must_use]
    pub fn refresh(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new("refresh").bytes(session), self.rates.refresh)])
    }

    /// The recording of a failed login. Names of accounts that do not exist use up nothing of those that do.
    #[must_use]
    pub fn failure(&self, client: &Client, identifier: &str, is_known: bool, now: Timestamp) -> Attempt {
        let address = Key::new("event/failed/address").network(client.network()).bytes(&[u8::from(is_known)]);
        let account = Key::new("event/failed").text(identifier);
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
        if self.rates.enabled { Attempt::new(now, steps) } else { Attempt::free(now) }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rates.fmt(f)
    }
}
