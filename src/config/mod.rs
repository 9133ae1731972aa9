//! Every setting: its flag, environment variable, default and documentation, the file of settings, and the check of them all at start.

mod algorithm;
mod check;
mod command_line;
mod database;
mod environment;
mod file;
mod form;
mod origins;
mod reading;
mod reference;
mod secret;
mod secret_setting;
mod sections;
mod small_file;
mod trusted_proxies;
mod unknown;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

pub use algorithm::SigningAlgorithm;
pub use command_line::parse;
pub use database::DatabaseChoice;
pub use environment::Environment;
pub use form::{Kind, Shape};
pub use reading::BadSettings;
pub use reference::{SettingReference, reference};
pub use secret::Secret;
pub use sections::bounds::Bounds;
pub use sections::browsers::Browsers;
pub use sections::connections::Connections;
pub use sections::graphql::Graphql;
pub use sections::limits::{Limits, Rate};
pub use sections::persisted::{Manifest, PersistedQueries};
pub use trusted_proxies::TrustedProxies;
pub use unknown::{UnknownVariable, unknown_variables};

use file::SettingsFile;

/// Longest life of an access token that can be set. Keys that have signed are kept this long: raising it needs care.
pub const MAX_ACCESS_TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings as they are given: as flags, else as environment variables, else in the file of settings, else by default. Made of
/// what [`parse`] returns, and read by [`Settings::check`].
#[derive(Args, Clone)]
pub struct Settings {
    #[command(flatten)]
    server: sections::server::ServerSettings,
    #[command(flatten)]
    database: sections::database::DatabaseSettings,
    #[command(flatten)]
    tokens: sections::tokens::TokenSettings,
    #[command(flatten)]
    sessions: sections::sessions::SessionSettings,
    #[command(flatten)]
    passwords: sections::passwords::PasswordSettings,
    #[command(flatten)]
    limits: sections::limits::LimitSettings,
    #[command(flatten)]
    connections: sections::connections::ConnectionSettings,
    #[command(flatten)]
    browsers: sections::browsers::BrowserSettings,
    #[command(flatten)]
    graphql: sections::graphql::GraphqlSettings,
}

/// The settings, read and found sound.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Which database to use.
    pub database: DatabaseChoice,
    /// The secret of before.
    pub secret_previous: Option<Secret>,
    /// The log's filter.
    pub log: String,
    /// The log's form.
    pub log_format: LogFormat,
    /// Whether the log names whom a failed login was for.
    pub log_identifiers: bool,
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Life of an access token.
    pub access_token_ttl: Duration,
    /// What signs access tokens.
    pub signing_algorithm: SigningAlgorithm,
    /// Age at which a signing key gets a successor.
    pub key_rotation: Duration,
    /// Life of a session.
    pub session_ttl: Duration,
    /// Life of a session that nobody uses.
    pub session_idle_ttl: Duration,
    /// Sessions of an account at the most.
    pub max_sessions: u32,
    /// Sessions remembered.
    pub session_cache: usize,
    /// Trust in what is remembered, without a sign of life.
    pub feed_timeout: Duration,
    /// Connections at the most.
    pub database_pool_size: usize,
    /// Bound on the wait for the database.
    pub database_timeout: Duration,
    /// Whether to apply migrations at start.
    pub migrate: bool,
    /// Cost of a password hash.
    pub argon2: Argon2Cost,
    /// Threads that hash.
    pub hashing_threads: usize,
    /// Passwords that may wait.
    pub hashing_queue: usize,
    /// How long security events are kept.
    pub audit_retention: Duration,
    /// How long deleted accounts are kept.
    pub deleted_accounts_kept: Duration,
    /// Bound on a graceful stop.
    pub shutdown_grace: Duration,
    /// For whom it runs.
    pub environment: Environment,
    /// What operations may ask for.
    pub graphql: Graphql,
    /// How clients may connect, and who they are.
    pub connections: Connections,
    /// What browsers may do.
    pub browsers: Browsers,
    /// How many attempts are made.
    pub limits: Limits,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Cost of an Argon2id hash (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// m, in KiB.
    pub memory_kib: u32,
    /// t.
    pub iterations: u32,
    /// p.
    pub parallelism: u32,
}
