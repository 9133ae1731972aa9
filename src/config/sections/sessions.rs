//! Settings of sessions.

use std::time::Duration;

use clap::Args;

use super::{DAY, MINUTE, TENTH};
use crate::config::form::{Given, duration, number};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Sessions")]
pub(in crate::config) struct SessionSettings {
    /// How long a session lives at most, however much it is used.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SESSION_TTL",
        default_value = "30d",
        value_name = "DURATION",
        value_parser = duration(MINUTE, 400 * DAY)
    )]
    pub(in crate::config) session_ttl: Given<Duration>,

    /// How long a session lives without being used or refreshed. It must not be shorter than PORTCULLIS_ACCESS_TOKEN_TTL.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SESSION_IDLE_TTL",
        default_value = "14d",
        value_name = "DURATION",
        value_parser = duration(5 * MINUTE, 400 * DAY)
    )]
    pub(in crate::config) session_idle_ttl: Given<Duration>,

    /// How long a device is signed in on without the second factor that was shown on it, where its owner wants that
    /// (rememberDevice). 0s has the second factor asked for each time, on devices that are trusted already as well.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_TRUSTED_DEVICE_TTL",
        default_value = "30d",
        value_name = "DURATION",
        value_parser = duration(Duration::ZERO, 90 * DAY)
    )]
    pub(in crate::config) trusted_device_ttl: Given<Duration>,

    /// How many sessions an account may have at a time. One more ends the session that was left unused for longest.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_SESSIONS",
        default_value = "1000",
        value_name = "NUMBER",
        value_parser = number(1u32, 1_000_000)
    )]
    pub(in crate::config) max_sessions: Given<u32>,

    /// How many sessions an instance remembers, so that it does not ask the database about their callers. Each takes about
    /// 400 bytes of memory.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SESSION_CACHE",
        default_value = "100000",
        value_name = "NUMBER",
        value_parser = number(0usize, 10_000_000)
    )]
    pub(in crate::config) session_cache: Given<usize>,

    /// How long an instance trusts what it remembers without a sign of life from the database's feed of changes. No instance
    /// accepts a session for longer than this after it was ended. Past it the database is asked each time.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_FEED_TIMEOUT",
        default_value = "2s",
        value_name = "DURATION",
        value_parser = duration(TENTH, MINUTE)
    )]
    pub(in crate::config) feed_timeout: Given<Duration>,
}
