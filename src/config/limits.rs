//! Settings of the limits on attempts.

use std::time::Duration;

use clap::Args;

use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct LimitSettings {
    /// Whether attempts are limited: on or off. Off is for measuring.
    #[arg(long, global = true, env = "PORTCULLIS_RATE_LIMITS", default_value = "on", value_name = "on|off")]
    pub rate_limits: String,

    /// Requests of one address to one instance: so many at once, and again over that time (10/1m is one in six seconds).
    /// Past it the answer is HTTP 429. Here as below an IPv6 address stands for its /64; its /48 has ten times as much of
    /// attempts, logins and registrations.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REQUESTS",
        default_value = "60000/1m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_requests: String,

    /// Attempts of one address at one instance, of every kind that is limited below, before the database is asked. Those with a
    /// genuine token, of a session or a device that has signed in before, are not among them: each session and each device counts
    /// by itself, and all changes of one account's password together, with PORTCULLIS_LIMIT_LOGIN_ATTACKED for each session past that.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_ATTEMPTS",
        default_value = "300/1m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_attempts: String,

    /// Passwords tried by one address for one account, by a device that has signed in before, and by a session that changes
    /// its password. What was right does not count. An account's e-mail address and username count each by itself.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN",
        default_value = "10/10m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_login: String,

    /// Passwords tried for one account by all addresses together, and as many by all devices that have signed in before. Past it the
    /// account is under attack, and each address and each device has PORTCULLIS_LIMIT_LOGIN_ATTACKED.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ACCOUNT",
        default_value = "100/1h",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_login_account: String,

    /// Passwords tried by one address, or on one device that has signed in before, for one account that is under attack. Never none:
    /// its owner must get in.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ATTACKED",
        default_value = "3/10m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_login_attacked: String,

    /// Passwords tried by one address for all accounts together. What was right does not count.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_LOGIN_ADDRESS",
        default_value = "100/10m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_login_address: String,

    /// Sessions opened by logins of one account. Past it each address has PORTCULLIS_LIMIT_LOGIN_ATTACKED, and each device that has
    /// signed in before PORTCULLIS_LIMIT_LOGIN, so that nobody who knows the password keeps its owner out. An account's e-mail
    /// address and username count each by itself.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_SESSIONS",
        default_value = "600/1h",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_sessions: String,

    /// Registrations tried by one address, whatever becomes of them; those whose input can't be taken are not counted.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REGISTER",
        default_value = "100/1h",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_register: String,

    /// Refreshes of one session.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_REFRESH",
        default_value = "100/10m",
        value_name = "NUMBER/DURATION"
    )]
    pub limit_refresh: String,

    /// Whether anybody may register: on or off.
    #[arg(long, global = true, env = "PORTCULLIS_OPEN_REGISTRATION", default_value = "on", value_name = "on|off")]
    pub open_registration: String,
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

    fn parse(text: &str) -> Option<Self> {
        let (burst, period) = text.split_once('/')?;
        let (burst, period) = (burst.trim().parse().ok()?, humantime::parse_duration(period.trim()).ok()?);
        let sound = (1..=1_000_000).contains(&burst)
            && (Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60)).contains(&period);
        sound.then_some(Self { burst, period })
    }
}

impl Check {
    fn rate(&mut self, name: &str, value: &str, default: &str) -> Rate {
        let value = if value.trim().is_empty() { default } else { value };
        let harmless = Rate { burst: 1, period: Duration::from_secs(1) };
        Rate::parse(value).unwrap_or_else(|| {
            let why = format!(
                "{value:?} is not a number from 1 to 1000000 and a duration from 1s to 1day, such as {default}"
            );
            self.fault(name, why, harmless)
        })
    }
}

impl LimitSettings {
    pub(super) fn check(&self, check: &mut Check) -> Limits {
        Limits {
            enabled: check.switch("PORTCULLIS_RATE_LIMITS", Some(&self.rate_limits), true),
            requests: check.rate("PORTCULLIS_LIMIT_REQUESTS", &self.limit_requests, "60000/1m"),
            attempts: check.rate("PORTCULLIS_LIMIT_ATTEMPTS", &self.limit_attempts, "300/1m"),
            login: check.rate("PORTCULLIS_LIMIT_LOGIN", &self.limit_login, "10/10m"),
            login_account: check.rate("PORTCULLIS_LIMIT_LOGIN_ACCOUNT", &self.limit_login_account, "100/1h"),
            login_attacked: check.rate("PORTCULLIS_LIMIT_LOGIN_ATTACKED", &self.limit_login_attacked, "3/10m"),
            login_address: check.rate("PORTCULLIS_LIMIT_LOGIN_ADDRESS", &self.limit_login_address, "100/10m"),
            sessions: check.rate("PORTCULLIS_LIMIT_SESSIONS", &self.limit_sessions, "600/1h"),
            register: check.rate("PORTCULLIS_LIMIT_REGISTER", &self.limit_register, "100/1h"),
            refresh: check.rate("PORTCULLIS_LIMIT_REFRESH", &self.limit_refresh, "100/10m"),
            open_registration: check.switch("PORTCULLIS_OPEN_REGISTRATION", Some(&self.open_registration), true),
        }
    }
}
