//! Reading the settings: every fault is found and told at once.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::MAX_ACCESS_TOKEN_TTL;
use super::{
    Argon2Cost, Config, Environment, LogFormat, Secret, SecretName, SecretSetting, Settings, SigningAlgorithm, secret,
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is wrong with the settings, one line each. Never shows a secret.
#[derive(Debug)]
pub struct BadSettings(pub Vec<String>);

impl Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings can't be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for BadSettings {}

impl Settings {
    /// Reads all settings. An empty one counts as not set.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn check(&self) -> Result<Config, BadSettings> {
        let mut check = Check(Vec::new());
        let database = check.database(self);
        let secret_previous = check.secret(&self.secret_previous);
        let private = !self.database_url.is_given();
        let environment = Environment::check(self.environment.as_ref(), private, &mut check);
        let issuer = check.issuer(&self.issuer);
        let config = Config {
            listen: check.listen(&self.listen),
            secret_previous,
            log: check.log(&self.log),
            log_format: match self.log_format.trim() {
                "text" | "" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => check.fault("PORTCULLIS_LOG_FORMAT", "it is text or json", LogFormat::Text),
            },
            log_identifiers: check.switch("PORTCULLIS_LOG_IDENTIFIERS", Some(&self.log_identifiers), false),
            audience: match self.audience.trim() {
                "" => "portcullis".to_owned(),
                audience => audience.to_owned(),
            },
            access_token_ttl: check.duration(
                "PORTCULLIS_ACCESS_TOKEN_TTL",
                &self.access_token_ttl,
                "10m",
                MINUTE..=MAX_ACCESS_TOKEN_TTL,
            ),
            signing_algorithm: check.algorithm(&self.signing_algorithm),
            key_rotation: check.duration("PORTCULLIS_KEY_ROTATION", &self.key_rotation, "90d", DAY..=400 * DAY),
            session_ttl: check.duration("PORTCULLIS_SESSION_TTL", &self.session_ttl, "30d", MINUTE..=400 * DAY),
            session_idle_ttl: check.duration(
                "PORTCULLIS_SESSION_IDLE_TTL",
                &self.session_idle_ttl,
                "14d",
                5 * MINUTE..=400 * DAY,
            ),
            max_sessions: check.number("PORTCULLIS_MAX_SESSIONS", &self.max_sessions, 1000, 1..=1_000_000),
            session_cache: check.number("PORTCULLIS_SESSION_CACHE", &self.session_cache, 100_000, 0..=10_000_000),
            feed_timeout: check.duration(
                "PORTCULLIS_FEED_TIMEOUT",
                &self.feed_timeout,
                "2s",
                Duration::from_millis(100)..=MINUTE,
            ),
            database_pool_size: check.number("PORTCULLIS_DATABASE_POOL_SIZE", &self.database_pool_size, 16, 1..=1000),
            database_timeout: check.duration(
                "PORTCULLIS_DATABASE_TIMEOUT",
                &self.database_timeout,
                "5s",
                Duration::from_millis(100)..=MINUTE,
            ),
            migrate: check.switch("PORTCULLIS_MIGRATE", Some(&self.migrate), true),
            argon2: check.argon2(self),
            hashing_threads: check.number(
                "PORTCULLIS_HASHING_THREADS",
                self.hashing_threads.as_deref().unwrap_or_default(),
                std::thread::available_parallelism().map_or(1, usize::from).min(256),
                1..=256,
            ),
            hashing_queue: check.number("PORTCULLIS_HASHING_QUEUE", &self.hashing_queue, 256, 1..=100_000),
            audit_retention: check.duration(
                "PORTCULLIS_AUDIT_RETENTION",
                &self.audit_retention,
                "400d",
                DAY..=4000 * DAY,
            ),
            deleted_accounts_kept: check.duration(
                "PORTCULLIS_DELETED_ACCOUNTS_KEPT",
                &self.deleted_accounts_kept,
                "0s",
                Duration::ZERO..=400 * DAY,
            ),
            shutdown_grace: check.duration(
                "PORTCULLIS_SHUTDOWN_GRACE",
                &self.shutdown_grace,
                "10s",
                Duration::ZERO..=10 * MINUTE,
            ),
            environment,
            graphql: self.graphql.check(environment, &mut check),
            connections: self.connections.check(&mut check),
            browsers: self.browsers.check(&issuer, &mut check),
            issuer,
            limits: self.limits.check(&mut check),
            database: match database {
                Some(database) => database,
                None => return Err(BadSettings(check.0)),
            },
        };
        if config.session_idle_ttl < config.access_token_ttl {
            let why = "it is shorter than PORTCULLIS_ACCESS_TOKEN_TTL: a session would end before its access token";
            check.fault("PORTCULLIS_SESSION_IDLE_TTL", why, ());
        }
        if check.0.is_empty() { Ok(config) } else { Err(BadSettings(check.0)) }
    }
}

pub(super) fn given(setting: Option<&String>) -> Option<&str> {
    setting.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// Collects faults. A faulty setting goes on as some harmless value, so that the rest is looked at as well.
pub(super) struct Check(Vec<String>);

impl Check {
    pub(super) fn fault<T>(&mut self, name: &str, why: impl Display, instead: T) -> T {
        self.0.push(format!("{name}: {why}"));
        instead
    }

    fn listen(&mut self, value: &str) -> SocketAddr {
        let default = SocketAddr::from(([127, 0, 0, 1], 8080));
        match value.trim() {
            "" => default,
            value => value.parse().unwrap_or_else(|_| {
                self.fault(
                    "PORTCULLIS_LISTEN",
                    format!("{value:?} is not an address and port, such as {default}"),
                    default,
                )
            }),
        }
    }

    pub(super) fn number<T>(&mut self, name: &str, value: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        match value.trim() {
            "" => default,
            value => match value.parse() {
                Ok(number) if range.contains(&number) => number,
                _ => {
                    let why = format!("{value:?} is not a whole number from {} to {}", range.start(), range.end());
                    self.fault(name, why, default)
                }
            },
        }
    }

    pub(super) fn duration(
        &mut self,
        name: &str,
        value: &str,
        default: &str,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let value = match value.trim() {
            "" => default,
            value => value,
        };
        match humantime::parse_duration(value) {
            Ok(duration) if range.contains(&duration) => duration,
            _ => {
                let (low, high) =
                    (humantime::format_duration(*range.start()), humantime::format_duration(*range.end()));
                self.fault(name, format!("{value:?} is not a duration from {low} to {high}"), *range.start())
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str, value: Option<&str>, default: bool) -> bool {
        match value.map(str::trim) {
            None | Some("") => default,
            Some("on" | "true") => true,
            Some("off" | "false") => false,
            Some(_) => self.fault(name, "it is on or off", default),
        }
    }

    fn log(&mut self, value: &str) -> String {
        let value = match value.trim() {
            "" => "info",
            value => value,
        };
        match value.parse::<tracing_subscriber::filter::Targets>() {
            Ok(_) => value.to_owned(),
            Err(error) => self.fault("PORTCULLIS_LOG", error, "info".to_owned()),
        }
    }

    fn issuer(&mut self, value: &str) -> String {
        let value = match value.trim() {
            "" => "http://localhost:8080",
            value => value,
        };
        match url::Url::parse(value) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() =>
            {
                value.to_owned()
            }
            _ => self.fault(
                "PORTCULLIS_ISSUER",
                "it is an http or https URL without query and fragment (RFC 8414 section 2)",
                String::new(),
            ),
        }
    }

    fn argon2(&mut self, settings: &Settings) -> Argon2Cost {
        let parallelism = self.number("PORTCULLIS_ARGON2_PARALLELISM", &settings.argon2_parallelism, 1, 1..=64);
        Argon2Cost {
            memory_kib: self.number(
                "PORTCULLIS_ARGON2_MEMORY_KIB",
                &settings.argon2_memory_kib,
                19_456,
                8 * parallelism..=4_194_304,
            ),
            iterations: self.number("PORTCULLIS_ARGON2_ITERATIONS", &settings.argon2_iterations, 2, 1..=100),
            parallelism,
        }
    }

    fn algorithm(&mut self, value: &str) -> SigningAlgorithm {
        match value.trim() {
            "" => SigningAlgorithm::EdDsa,
            value => SigningAlgorithm::parse(value).unwrap_or_else(|| {
                self.fault("PORTCULLIS_SIGNING_ALGORITHM", "it is EdDSA, ES256 or RS256", SigningAlgorithm::EdDsa)
            }),
        }
    }

    pub(super) fn secret(&mut self, setting: &SecretSetting<impl SecretName>) -> Option<Secret> {
        let secret = Secret::new(setting.read(self)?.as_bytes());
        if secret.is_none() {
            let why = format!("it needs {} bytes or more; `openssl rand -base64 32` makes one", secret::MIN_BYTES);
            self.fault(setting.variable(), why, ());
        }
        secret
    }
}
