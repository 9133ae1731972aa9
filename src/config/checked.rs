//! The settings, found sound.

use std::net::SocketAddr;
use std::time::Duration;

use super::{
    Browsers, Connections, DatabaseChoice, Environment, Graphql, Limits, LogFormat, Mail, RelyingParty,
    SecondFactorPolicy, Secret, SigningAlgorithm,
};
use crate::db::migrations::Locks;

/// The settings, read and found sound. Only the fields that are shown are a part of the interface.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to serve metrics.
    #[doc(hidden)]
    pub metrics_listen: Option<SocketAddr>,
    /// Where traces go.
    #[doc(hidden)]
    pub traces: Option<Traces>,
    /// Which database to use.
    #[doc(hidden)]
    pub database: DatabaseChoice,
    /// The secret of before.
    #[doc(hidden)]
    pub secret_previous: Option<Secret>,
    /// The log's filter.
    #[doc(hidden)]
    pub log: String,
    /// The log's form.
    #[doc(hidden)]
    pub log_format: LogFormat,
    /// Whether the log names whom a failed login was for.
    #[doc(hidden)]
    pub log_identifiers: bool,
    /// `iss`.
    #[doc(hidden)]
    pub issuer: String,
    /// `aud`.
    #[doc(hidden)]
    pub audience: String,
    /// Life of an access token.
    #[doc(hidden)]
    pub access_token_ttl: Duration,
    /// What signs access tokens.
    #[doc(hidden)]
    pub signing_algorithm: SigningAlgorithm,
    /// Age at which a signing key gets a successor.
    #[doc(hidden)]
    pub key_rotation: Duration,
    /// Life of a session.
    #[doc(hidden)]
    pub session_ttl: Duration,
    /// Life of a session that nobody uses.
    #[doc(hidden)]
    pub session_idle_ttl: Duration,
    /// How long a device takes the place of a second factor. Zero if none does.
    #[doc(hidden)]
    pub trusted_device_ttl: Duration,
    /// Sessions of an account at the most.
    #[doc(hidden)]
    pub max_sessions: u32,
    /// Sessions remembered.
    #[doc(hidden)]
    pub session_cache: usize,
    /// Trust in what is remembered, without a sign of life.
    #[doc(hidden)]
    pub feed_timeout: Duration,
    /// Connections at the most.
    #[doc(hidden)]
    pub database_pool_size: usize,
    /// Bound on the wait for the database.
    #[doc(hidden)]
    pub database_timeout: Duration,
    /// Whether to apply migrations at start.
    #[doc(hidden)]
    pub migrate: bool,
    /// How long migrations wait for locks.
    #[doc(hidden)]
    pub migration_locks: Locks,
    /// Cost of a password hash.
    #[doc(hidden)]
    pub argon2: Argon2Cost,
    /// Threads that hash.
    #[doc(hidden)]
    pub hashing_threads: usize,
    /// Passwords that may wait.
    #[doc(hidden)]
    pub hashing_queue: usize,
    /// How long security events are kept.
    #[doc(hidden)]
    pub audit_retention: Duration,
    /// How long deleted accounts are kept.
    #[doc(hidden)]
    pub deleted_accounts_kept: Duration,
    /// Bound on a graceful stop.
    #[doc(hidden)]
    pub shutdown_grace: Duration,
    /// For whom it runs.
    #[doc(hidden)]
    pub environment: Environment,
    /// Whose passkeys there are. `None` if there can be none.
    #[doc(hidden)]
    pub passkeys: Option<RelyingParty>,
    /// Which accounts need a second factor.
    #[doc(hidden)]
    pub second_factors: SecondFactorPolicy,
    /// How mails leave, and what needs them.
    #[doc(hidden)]
    pub mail: Mail,
    /// What operations may ask for.
    #[doc(hidden)]
    pub graphql: Graphql,
    /// How clients may connect, and who they are.
    #[doc(hidden)]
    pub connections: Connections,
    /// What browsers may do.
    #[doc(hidden)]
    pub browsers: Browsers,
    /// How many attempts are made.
    #[doc(hidden)]
    pub limits: Limits,
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

/// Where traces go.
#[derive(Clone, Debug)]
pub struct Traces {
    /// The URL of the collector.
    pub endpoint: String,
    /// The share of requests that is exported.
    pub ratio: f64,
}
