//! Every setting: its flag, environment variable, default and documentation, and the check of them all at start.

mod algorithm;
mod bounds;
mod browsers;
mod check;
mod connections;
mod database;
mod environment;
mod graphql;
mod limits;
mod origins;
mod persisted;
mod secret;
mod secret_setting;
mod trusted_proxies;
mod unknown;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

pub use algorithm::SigningAlgorithm;
pub use bounds::{BoundSettings, Bounds};
pub use browsers::{BrowserSettings, Browsers};
pub use check::BadSettings;
pub use connections::{ConnectionSettings, Connections};
pub use database::DatabaseChoice;
pub use environment::Environment;
pub use graphql::{Graphql, GraphqlSettings};
pub use limits::{LimitSettings, Limits, Rate};
pub use persisted::{Manifest, PersistedQueries, PersistedSettings};
pub use secret::Secret;
pub use secret_setting::{DatabaseDirectUrl, DatabaseUrl, DeploymentSecret, PreviousSecret, SecretName, SecretSetting};
pub use trusted_proxies::TrustedProxies;
pub use unknown::{UnknownVariable, unknown_variables};

/// Longest life of an access token that can be set. Keys that have signed are kept this long: raising it needs care.
pub const MAX_ACCESS_TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings as they are given: as flags, else as environment variables, else by default. [`Settings::check`] reads them.
#[derive(Args, Clone)]
pub struct Settings {
    /// Address and port to serve on. Port 0 picks a free port, printed at start.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: String,

    /// The database.
    #[command(flatten)]
    pub database_url: SecretSetting<DatabaseUrl>,

    /// A way to it past a pooler.
    #[command(flatten)]
    pub database_direct_url: SecretSetting<DatabaseDirectUrl>,

    /// The deployment's secret.
    #[command(flatten)]
    pub secret: SecretSetting<DeploymentSecret>,

    /// The secret of before.
    #[command(flatten)]
    pub secret_previous: SecretSetting<PreviousSecret>,

    /// For whom the server runs: production or development [default: development with the private PostgreSQL, production with
    /// DATABASE_URL]. In development clients may explore: GraphiQL and introspection are on unless they are switched off.
    #[arg(long = "env", global = true, env = "PORTCULLIS_ENV", value_name = "ENVIRONMENT")]
    pub environment: Option<String>,

    /// Where the private PostgreSQL and its secret live [default: /var/lib/portcullis for root, else the user's data
    /// directory, such as ~/.local/share/portcullis].
    #[arg(long, global = true, env = "PORTCULLIS_DATA_DIR", value_name = "DIRECTORY")]
    pub data_dir: Option<String>,

    /// What is logged: error, warn, info, debug or trace, also by module: info,portcullis=debug.
    #[arg(long, global = true, env = "PORTCULLIS_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,

    /// How log lines look: text or json.
    #[arg(long, global = true, env = "PORTCULLIS_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: String,

    /// Whether the log names whom a failed login was for: on or off. It is what was typed, and some type a password there.
    #[arg(long, global = true, env = "PORTCULLIS_LOG_IDENTIFIERS", default_value = "off", value_name = "on|off")]
    pub log_identifiers: String,

    /// The iss claim of access tokens (RFC 7519): the URL at which applications reach this server. If it has a path, a proxy
    /// takes that path away.
    #[arg(long, global = true, env = "PORTCULLIS_ISSUER", default_value = "http://localhost:8080", value_name = "URL")]
    pub issuer: String,

    /// The aud claim of access tokens: names the services that accept them.
    #[arg(long, global = true, env = "PORTCULLIS_AUDIENCE", default_value = "portcullis", value_name = "NAME")]
    pub audience: String,

    /// How long an access token lives: 1 minute to 1 day.
    #[arg(long, global = true, env = "PORTCULLIS_ACCESS_TOKEN_TTL", default_value = "10m", value_name = "DURATION")]
    pub access_token_ttl: String,

    /// What signs access tokens: EdDSA, ES256 or RS256. A start with another one makes a new key.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SIGNING_ALGORITHM",
        default_value = "EdDSA",
        value_name = "ALGORITHM"
    )]
    pub signing_algorithm: String,

    /// Age at which the key that signs access tokens gets a successor: 1 day to 400 days.
    #[arg(long, global = true, env = "PORTCULLIS_KEY_ROTATION", default_value = "90d", value_name = "DURATION")]
    pub key_rotation: String,

    /// How long a session lives at the most: 1 minute to 400 days.
    #[arg(long, global = true, env = "PORTCULLIS_SESSION_TTL", default_value = "30d", value_name = "DURATION")]
    pub session_ttl: String,

    /// How long a session lives without being used or refreshed: 5 minutes to 400 days, and no shorter than an access token.
    #[arg(long, global = true, env = "PORTCULLIS_SESSION_IDLE_TTL", default_value = "14d", value_name = "DURATION")]
    pub session_idle_ttl: String,

    /// Sessions that an account may have at a time: 1 to 1000000. One more ends the least used of them.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_SESSIONS", default_value = "1000", value_name = "NUMBER")]
    pub max_sessions: String,

    /// Sessions that an instance remembers, so that it needs not ask the database about their callers: 0 to 10000000. Each
    /// takes some 400 bytes.
    #[arg(long, global = true, env = "PORTCULLIS_SESSION_CACHE", default_value = "100000", value_name = "NUMBER")]
    pub session_cache: String,

    /// How long an instance trusts what it remembers without a sign of life from the database's feed of changes: 100ms to
    /// 1m. No instance accepts a session for longer than this after it was ended; past it the database is asked each time.
    #[arg(long, global = true, env = "PORTCULLIS_FEED_TIMEOUT", default_value = "2s", value_name = "DURATION")]
    pub feed_timeout: String,

    /// Connections to PostgreSQL at the most, for requests: 1 to 1000. The feed of changes has two more. Where the server gives
    /// fewer, requests wait for those there are.
    #[arg(long, global = true, env = "PORTCULLIS_DATABASE_POOL_SIZE", default_value = "16", value_name = "NUMBER")]
    pub database_pool_size: String,

    /// Longest wait for the database each time it is needed: 100ms to 1m. Past it the caller gets SERVICE_UNAVAILABLE.
    #[arg(long, global = true, env = "PORTCULLIS_DATABASE_TIMEOUT", default_value = "5s", value_name = "DURATION")]
    pub database_timeout: String,

    /// How long a start, and a command, waits for a database that can't be reached yet: 0s to 10m. What waiting can't mend, such
    /// as a wrong password, fails at once.
    #[arg(long, global = true, env = "PORTCULLIS_DATABASE_WAIT", default_value = "30s", value_name = "DURATION")]
    pub database_wait: String,

    /// Bring the database of DATABASE_URL up to this version at start: on or off. When off, pending migrations stop the start.
    #[arg(long, global = true, env = "PORTCULLIS_MIGRATE", default_value = "on", value_name = "on|off")]
    pub migrate: String,

    /// Memory of one Argon2id hash, in KiB: 8 per lane to 4194304.
    #[arg(long, global = true, env = "PORTCULLIS_ARGON2_MEMORY_KIB", default_value = "19456", value_name = "KIB")]
    pub argon2_memory_kib: String,

    /// Passes of one Argon2id hash over its memory: 1 to 100.
    #[arg(long, global = true, env = "PORTCULLIS_ARGON2_ITERATIONS", default_value = "2", value_name = "NUMBER")]
    pub argon2_iterations: String,

    /// Lanes of one Argon2id hash: 1 to 64.
    #[arg(long, global = true, env = "PORTCULLIS_ARGON2_PARALLELISM", default_value = "1", value_name = "NUMBER")]
    pub argon2_parallelism: String,

    /// Threads that hash passwords, each with its own memory: 1 to 256 [default: one per processor].
    #[arg(long, global = true, env = "PORTCULLIS_HASHING_THREADS", value_name = "NUMBER")]
    pub hashing_threads: Option<String>,

    /// Passwords that may wait for a hashing thread: 1 to 100000. Past it the caller gets SERVER_BUSY at once.
    #[arg(long, global = true, env = "PORTCULLIS_HASHING_QUEUE", default_value = "256", value_name = "NUMBER")]
    pub hashing_queue: String,

    /// How long security events are kept: 1 day to 4000 days.
    #[arg(long, global = true, env = "PORTCULLIS_AUDIT_RETENTION", default_value = "400d", value_name = "DURATION")]
    pub audit_retention: String,

    /// How long an account that was deleted is kept, so that an operator can restore it: 0s to 400 days. Its names are free meanwhile,
    /// and it is removed for good afterwards.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DELETED_ACCOUNTS_KEPT",
        default_value = "0s",
        value_name = "DURATION"
    )]
    pub deleted_accounts_kept: String,

    /// How long requests in flight may take to finish when the server is told to stop: 0s to 10m.
    #[arg(long, global = true, env = "PORTCULLIS_SHUTDOWN_GRACE", default_value = "10s", value_name = "DURATION")]
    pub shutdown_grace: String,

    /// What operations may ask for.
    #[command(flatten)]
    pub graphql: GraphqlSettings,

    /// How clients may connect, and who they are.
    #[command(flatten)]
    pub connections: ConnectionSettings,

    /// What browsers may do.
    #[command(flatten)]
    pub browsers: BrowserSettings,

    /// How many attempts are made.
    #[command(flatten)]
    pub limits: LimitSettings,
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
