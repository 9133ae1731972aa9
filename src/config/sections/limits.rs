//! Settings of the limits on attempts.

use clap::Args;

use super::rate::{Rate, rate};
use crate::config::faults::Check;
use crate::config::form::{Given, switch};

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

    /// How many mails one client address may ask for, whoever gets them. An account that changes its e-mail address may ask for
    /// as many, from wherever. Registrations have PORTCULLIS_LIMIT_REGISTER in its place.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_MAIL",
        default_value = "20/1h",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_mail: Given<Rate>,

    /// How many mails one e-mail address gets because somebody asks for them, all kinds together, so that nobody fills another's
    /// mailbox. Mails that only tell of something do not count. Two of one kind are at least a minute apart.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_MAIL_RECIPIENT",
        default_value = "3/1h",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_mail_recipient: Given<Rate>,

    /// The same over a longer time.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LIMIT_MAIL_RECIPIENT_DAY",
        default_value = "10/1d",
        value_name = "RATE",
        value_parser = rate()
    )]
    pub(in crate::config) limit_mail_recipient_day: Given<Rate>,

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
    /// Mails that an address of a network asks for.
    pub mail: Rate,
    /// Mails to an e-mail address.
    pub mail_recipient: Rate,
    /// The same, over a longer time.
    pub mail_recipient_day: Rate,
    /// Refreshes of a session.
    pub refresh: Rate,
    /// Whether anybody may register.
    pub open_registration: bool,
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
            mail: check.take(&self.limit_mail),
            mail_recipient: check.take(&self.limit_mail_recipient),
            mail_recipient_day: check.take(&self.limit_mail_recipient_day),
            refresh: check.take(&self.limit_refresh),
            open_registration,
        }
    }
}
