//! Settings of the database.

use std::time::Duration;

use clap::Args;

use super::{MINUTE, TENTH};
use crate::config::form::{Given, duration, number, switch};
use crate::config::secret_setting::{DatabaseDirectUrl, DatabaseUrl, SecretSetting};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database")]
pub(in crate::config) struct DatabaseSettings {
    /// The database.
    #[command(flatten)]
    pub(in crate::config) url: SecretSetting<DatabaseUrl>,

    /// A way to it past a pooler.
    #[command(flatten)]
    pub(in crate::config) direct_url: SecretSetting<DatabaseDirectUrl>,

    /// How many connections to PostgreSQL are used for requests at most. The feed of changes has two more. Where the server
    /// gives fewer, requests wait for those that there are.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DATABASE_POOL_SIZE",
        default_value = "16",
        value_name = "NUMBER",
        value_parser = number(1usize, 1000)
    )]
    pub(in crate::config) database_pool_size: Given<usize>,

    /// How long a request waits for the database each time it is needed. Past it the caller gets SERVICE_UNAVAILABLE.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DATABASE_TIMEOUT",
        default_value = "5s",
        value_name = "DURATION",
        value_parser = duration(TENTH, MINUTE)
    )]
    pub(in crate::config) database_timeout: Given<Duration>,

    /// How long a start, and a command, waits for a database that can't be reached yet, all its connections together. A try
    /// lasts at least as long as connect_timeout of the URL, which is 5 seconds unless set. What waiting can't mend, such as
    /// a wrong password, fails at once.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DATABASE_WAIT",
        default_value = "30s",
        value_name = "DURATION",
        value_parser = duration(Duration::ZERO, 10 * MINUTE)
    )]
    pub(in crate::config) database_wait: Given<Duration>,

    /// Whether a start brings the database of DATABASE_URL up to this version. When off, migrations that this version needs stop the start.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MIGRATE",
        default_value = "on",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) migrate: Given<bool>,

    /// How long a migration waits for a lock, and requests behind it. Then it gives up, lets them go first, and is tried again. Keep
    /// it well below deadlock_timeout of PostgreSQL, which is 1s unless set, so that no request is ended in its place. Where autovacuum
    /// holds the lock, every other try waits for one and a half times deadlock_timeout, after which PostgreSQL has ended it.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MIGRATE_LOCK_TIMEOUT",
        default_value = "300ms",
        value_name = "DURATION",
        value_parser = duration(TENTH, MINUTE)
    )]
    pub(in crate::config) migrate_lock_timeout: Given<Duration>,

    /// For how long a start, and portcullis migrate, tries each migration again that got no lock in time. Pauses get longer, up
    /// to 5s.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MIGRATE_WAIT",
        default_value = "1m",
        value_name = "DURATION",
        value_parser = duration(Duration::ZERO, 60 * MINUTE)
    )]
    pub(in crate::config) migrate_wait: Given<Duration>,
}
