//! The settings, found sound.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Browsers, Connections, DatabaseChoice, Environment, Graphql, Limits, LogFormat, Secret, SigningAlgorithm};

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
