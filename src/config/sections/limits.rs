//! Settings of the limits on attempts.

use std::time::Duration;

use clap::Args;

use super::{DAY, SECOND};
use crate::config::faults::Check;
use crate::config::form::{Form, Given, Kind, Quantity, Reader, Shape, Subject, switch};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Limits on attempts")]
pub(in crate::config) struct LimitSettings {
    /// Whether attempts are limited. Off is for measuring.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_RATE_LIMITS",
        default_value = "on",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) rate_limits: Given<bool>,

    /// How many requests one address may send to one instance: so many at once, and again over that time (10/1m is one in six
    /// seconds). Past it the answer is HTTP 429. Here as below an IPv6 address stands for its /64. Its /48 has ten times as
    /// many attempts, logins and registrations.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REQUESTS",
        default_value = "60000/1m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_requests: Given<Rate>,

    /// How many attempts, of every kind that is limited below, one address may make at one instance before the database is
    /// asked. Those with a genuine token, of a session or a device that has signed in before, are not among them: each
    /// session and each device counts by itself. All devices of an account count together as well, with
    /// PORTCULLIS_LIMIT_LOGIN for each past that, and so do the passwords that are compared in all sessions of an account,
    /// with PORTCULLIS_LIMIT_LOGIN_ATTACKED for each.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_ATTEMPTS",
        default_value = "300/1m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_attempts: Given<Rate>,

    /// How many passwords may be tried by one address for one account, by a device that has signed in before, and by a
    /// session that changes its password. What was right does not count. An account's e-mail address and username count each
    /// by itself.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN",
        default_value = "10/10m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_login: Given<Rate>,

    /// How many passwords may be tried for one account by all addresses together, and as many by all devices that have signed
    /// in before. Past it the account is under attack, and each address and each device has PORTCULLIS_LIMIT_LOGIN_ATTACKED.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ACCOUNT",
        default_value = "100/1h",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_login_account: Given<Rate>,

    /// How many passwords may be tried by one address, or on one device that has signed in before, for one account that is
    /// under attack. It is never none, since the owner of the account must get in.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ATTACKED",
        default_value = "3/10m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_login_attacked: Given<Rate>,

    /// How many passwords may be tried by one address for all accounts together. What was right does not count.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ADDRESS",
        default_value = "100/10m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_login_address: Given<Rate>,

    /// How many sessions may be opened by logins of one account. Past it each address has PORTCULLIS_LIMIT_LOGIN_ATTACKED,
    /// and each device that has signed in before PORTCULLIS_LIMIT_LOGIN, so that nobody who knows the password keeps its
    /// owner out. An account's e-mail address and username count each by itself.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_SESSIONS",
        default_value = "600/1h",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_sessions: Given<Rate>,

    /// How many registrations may be tried by one address, whatever becomes of them. Those whose input can't be taken are not
    /// counted.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REGISTER",
        default_value = "100/1h",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_register: Given<Rate>,

    /// How many times one session may be refreshed.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REFRESH",
        default_value = "100/10m",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_refresh: Given<Rate>,
}

/// Read and found sound.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Whether there are limits.
    pub enabled: bool,
    /// Requests of an address.
    pub requests: Rate,
    /// Attempts of an address, of all kinds.
    pub attempts: Rate,
    /// Passwords tried by an address for an account.
    pub login: Rate,
    /// Passwords tried for an account.
    pub login_account: Rate,
    /// Passwords tried by an address for an account under attack.
    pub login_attacked: Rate,
    /// Passwords tried by an address.
    pub login_address: Rate,
    /// Sessions opened by logins of an account.
    pub sessions: Rate,
    /// Registrations of an address.
    pub register: Rate,
    /// Refreshes of a session.
    pub refresh: Rate,
    /// Whether anybody may register.
    pub open_registration: bool,
}

/// So many at once, and again over that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// In which time that many flow in.
    pub period: Duration,
}

impl Rate {
    /// In which time one flows in.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.period / self.burst
    }
}

/// A rate within bounds.
#[derive(Clone)]
struct BoundedRate {
    bursts: [u32; 2],
    periods: [Duration; 2],
}

/// A number from 1 to 1000000 in a second to a day.
fn rate() -> Reader<impl Form<Value = Rate>> {
    Reader(BoundedRate { bursts: [1, 1_000_000], periods: [SECOND, DAY] })
}

impl Form for BoundedRate {
    type Value = Rate;

    fn read(&self, text: &str, subject: Subject) -> Result<Rate, Vec<String>> {
        let ([least, most], [shortest, longest]) = (self.bursts, self.periods);
        let parsed = || {
            let (burst, period) = text.split_once('/')?;
            let (burst, period) = (burst.trim().parse().ok()?, Duration::parse(period.trim())?);
            let sound = (least..=most).contains(&burst) && (shortest..=longest).contains(&period);
            sound.then_some(Rate { burst, period })
        };
        parsed().ok_or_else(|| {
            let (shortest, longest) = (shortest.shown(), longest.shown());
            vec![format!(
                "{} is not a number from {least} to {most} and a duration from {shortest} to {longest}, such as 10/10m",
                subject.of(text)
            )]
        })
    }

    fn stand_in(&self) -> Rate {
        Rate { burst: self.bursts[0], period: self.periods[0] }
    }

    fn shape(&self) -> Shape {
        Shape::new(Kind::Rate, self.bursts.map(Quantity::shown).into_iter().chain(self.periods.map(Quantity::shown)))
    }
}

impl LimitSettings {
    pub(in crate::config) fn check(&self, open_registration: bool, check: &mut Check) -> Limits {
        Limits {
            enabled: check.take(&self.rate_limits),
            requests: check.take(&self.limit_requests),
            attempts: check.take(&self.limit_attempts),
            login: check.take(&self.limit_login),
            login_account: check.take(&self.limit_login_account),
            login_attacked: check.take(&self.limit_login_attacked),
            login_address: check.take(&self.limit_login_address),
            sessions: check.take(&self.limit_sessions),
            register: check.take(&self.limit_register),
            refresh: check.take(&self.limit_refresh),
            open_registration,
        }
    }
}
