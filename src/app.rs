//! The parts of the server, put together in one place.

use std::fmt;

use crate::accounts::Account;
use crate::clock::{Clock, Timestamp, new_id};
use crate::config::{Config, Secret};
use crate::db::{Database, Target};
use crate::error::Error;
use crate::passwords::Passwords;
use crate::sessions::{Client, NewSession, Session, SessionId};
use crate::tokens::access::AccessTokens;
use crate::tokens::keys::{self, Keys};
use crate::tokens::refresh::RefreshToken;
use crate::tokens::rotation::{NewKey, Policy};
use crate::tokens::{Seals, TokenPair};

/// Everything that a use case needs.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// The deployment's keys.
    pub keys: Keys,
    /// Access tokens of our issuer.
    pub access_tokens: AccessTokens,
    /// Password hashing.
    pub passwords: Passwords,
}

/// What a command of the operator's needs: no keys in memory, no threads.
pub struct Console {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// What opens the keys in the database.
    pub seals: Seals,
}

/// An account that has just signed in.
#[derive(Debug)]
pub struct SignIn {
    /// Who.
    pub account: Account,
    /// The session that was opened.
    pub session: Session,
    /// Its tokens.
    pub tokens: TokenPair,
}

impl App {
    /// Puts the parts together: loads the keys, or makes them the first time, and starts the hashing threads. The database
    /// must have been migrated.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away; [`Error::Internal`] with a sentence for the operator when the secret
    /// is not the database's.
    pub async fn start(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let db = Database::new(target, config.database_pool_size, config.database_timeout)?;
        let keys = start_keys(&config, &db, secret, clock.now()).await?;
        let access_tokens = AccessTokens::new(config.issuer.clone(), config.audience.clone(), config.access_token_ttl);
        let passwords = Passwords::start(config.argon2, config.hashing_threads, config.hashing_queue)?;
        Ok(Self { config, clock, db, keys, access_tokens, passwords })
    }

    /// A session to be opened now for this client.
    pub(crate) fn new_session(&self, client: Client, now: Timestamp) -> NewSession {
        NewSession { id: SessionId(new_id(now)), created_at: now, expires_at: now + self.config.session_ttl, client }
    }

    /// The session's current tokens.
    pub(crate) fn sign_in(&self, account: Account, session: Session, now: Timestamp) -> Result<SignIn, Error> {
        let keys = self.keys.current();
        let (access, access_expires_at) = self.access_tokens.mint(&keys, &account, &session, now)?;
        let refresh = RefreshToken { session: session.id, counter: session.refresh_counter }.mint(&keys);
        Ok(SignIn { account, session, tokens: TokenPair { access, access_expires_at, refresh } })
    }
}

/// Two steps, so that making a key, which may take a second, holds no connection.
async fn start_keys(config: &Config, db: &Database, secret: &Secret, now: Timestamp) -> Result<Keys, Error> {
    let seals = Seals::new(secret, config.secret_previous.as_ref())?;
    let policy = Policy::new(config);
    let fresh = match db.run(async |connection| keys::needed(connection, policy, now).await).await? {
        Some(algorithm) => Some(NewKey::generate(algorithm).await?),
        None => None,
    };
    db.run(async |connection| Keys::start(connection, seals, policy, fresh, now).await).await
}

impl Console {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub fn new(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let db = Database::new(target, config.database_pool_size, config.database_timeout)?;
        let seals = Seals::new(secret, config.secret_previous.as_ref())?;
        Ok(Self { config, clock, db, seals })
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({:?})", self.config)
    }
}
