//! Reading the settings, and comparing them with each other.

use super::faults::Check;
use super::reference::variables;
use super::sections::passwords::PasswordSettings;
use super::{Argon2Cost, BadSettings, Config, Environment, Settings, Traces};
use crate::db::migrations::Locks;

impl Settings {
    /// Reads all settings. An empty one counts as not set.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn check(&self) -> Result<Config, BadSettings> {
        let Self { server, tokens, sessions, database, passwords, .. } = self;
        let mut check = Check::new(server.config.as_ref(), variables());
        let choice = check.database(database, &tokens.secret, server.data_dir.as_ref());
        let private = !database.url.is_given(&check);
        let environment = check.optional(server.environment.as_ref());
        let environment =
            environment.unwrap_or(if private { Environment::Development } else { Environment::Production });
        let issuer = check.take(&tokens.issuer);
        let open_registration = check.take(&passwords.open_registration);
        check.idle_no_shorter_than_access(self);
        let ratio = check.take(&server.traces_ratio);
        let config = Config {
            listen: check.take(&server.listen),
            metrics_listen: check.optional(server.metrics_listen.as_ref()),
            traces: check.optional(server.otlp_endpoint.as_ref()).map(|endpoint| Traces { endpoint, ratio }),
            secret_previous: tokens.secret_previous.read_deployment_secret(&mut check),
            log: check.take(&server.log),
            log_format: check.take(&server.log_format),
            log_identifiers: check.take(&server.log_identifiers),
            audience: check.take(&tokens.audience),
            access_token_ttl: check.take(&tokens.access_token_ttl),
            signing_algorithm: check.take(&tokens.signing_algorithm),
            key_rotation: check.take(&tokens.key_rotation),
            session_ttl: check.take(&sessions.session_ttl),
            session_idle_ttl: check.take(&sessions.session_idle_ttl),
            trusted_device_ttl: check.take(&sessions.trusted_device_ttl),
            max_sessions: check.take(&sessions.max_sessions),
            session_cache: check.take(&sessions.session_cache),
            feed_timeout: check.take(&sessions.feed_timeout),
            database_pool_size: check.take(&database.database_pool_size),
            database_timeout: check.take(&database.database_timeout),
            migrate: check.take(&database.migrate),
            migration_locks: Locks {
                timeout: check.take(&database.migrate_lock_timeout),
                wait: check.take(&database.migrate_wait),
            },
            argon2: check.argon2(passwords),
            hashing_threads: check
                .optional(passwords.hashing_threads.as_ref())
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from).min(256)),
            hashing_queue: check.take(&passwords.hashing_queue),
            audit_retention: check.take(&server.audit_retention),
            deleted_accounts_kept: check.take(&server.deleted_accounts_kept),
            shutdown_grace: check.take(&server.shutdown_grace),
            environment,
            graphql: self.graphql.check(environment, &mut check),
            connections: self.connections.check(&mut check),
            browsers: self.browsers.check(&issuer, &mut check),
            passkeys: self.passkeys.check(&issuer, &mut check),
            second_factors: self.second_factors.check(&mut check),
            mail: self.mail.check(environment, &issuer, &mut check),
            issuer,
            limits: self.limits.check(open_registration, &mut check),
            database: match choice {
                Some(choice) => choice,
                None => return Err(BadSettings(check.faults)),
            },
        };
        if check.faults.is_empty() { Ok(config) } else { Err(BadSettings(check.faults)) }
    }
}

impl Check {
    fn argon2(&mut self, settings: &PasswordSettings) -> Argon2Cost {
        let cost = Argon2Cost {
            memory_kib: self.take(&settings.argon2_memory_kib),
            iterations: self.take(&settings.argon2_iterations),
            parallelism: self.take(&settings.argon2_parallelism),
        };
        if settings.argon2_memory_kib.faults.is_empty() && cost.memory_kib < 8 * cost.parallelism {
            let least = 8 * cost.parallelism;
            let why = format!("it is less than {least}, which is 8 KiB for each lane of PORTCULLIS_ARGON2_PARALLELISM");
            self.fault("PORTCULLIS_ARGON2_MEMORY_KIB", why, ());
        }
        cost
    }

    fn idle_no_shorter_than_access(&mut self, settings: &Settings) {
        let (idle, access) = (&settings.sessions.session_idle_ttl, &settings.tokens.access_token_ttl);
        if idle.faults.is_empty() && access.faults.is_empty() && idle.value < access.value {
            let why = "it is shorter than PORTCULLIS_ACCESS_TOKEN_TTL: a session would end before its access token";
            self.fault("PORTCULLIS_SESSION_IDLE_TTL", why, ());
        }
    }
}
