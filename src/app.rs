//! The parts of the server, put together in one place.

use std::fmt;
use std::sync::Arc;

use crate::accounts::Account;
use crate::clock::{Clock, Timestamp, new_id};
use crate::config::{Config, Secret};
use crate::db::{Database, Target};
use crate::error::Error;
use crate::passwords::Passwords;
use crate::sessions::feed::Source;
use crate::sessions::{Client, Feed, Freshness, NewSession, Session, SessionId, Uses, Viewers};
use crate::tokens::TokenPair;
use crate::tokens::access::AccessTokens;
use crate::tokens::keys::KeySet;
use crate::tokens::refresh::RefreshToken;

/// Everything that a use case needs.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// The deployment's keys.
    pub keys: KeySet,
    /// Access tokens of our issuer.
    pub access_tokens: AccessTokens,
    /// Password hashing.
    pub passwords: Passwords,
    /// Callers that were verified.
    pub viewers: Arc<Viewers>,
    /// What ends or changes them.
    pub feed: Feed,
    /// Uses of sessions that wait to be written.
    pub uses: Uses,
}

/// A caller who is signed in. Only a use case that has verified the caller makes one, so what takes it can't be called by
/// anybody else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: Arc<Account>,
    session: SessionId,
}

impl SignedIn {
    /// For use cases that have just verified that `session` is active and whose it is.
    pub(crate) fn verified(account: Arc<Account>, session: SessionId) -> Self {
        Self { account, session }
    }

    /// Who.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// In which session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }
}

/// An account that has just signed in, or goes on with a session.
#[derive(Debug)]
pub struct SignIn {
    /// Who.
    pub caller: SignedIn,
    /// The session.
    pub session: Session,
    /// Its tokens.
    pub tokens: TokenPair,
}

impl App {
    /// Puts the parts together: loads the keys, or makes them the first time, starts the hashing threads and follows the feed
    /// of changes. The database must have been migrated.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away; [`Error::Internal`] with a sentence for the operator when the secret
    /// is not the database's.
    pub async fn start(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let source = Source { listen: target.clone(), speak: target.clone() };
        let db = Database::new(target, config.database_pool_size, config.database_timeout)?;
        let now = clock.now();
        let keys = db.run(async |connection| KeySet::load_or_create(connection, secret, now).await).await?;
        let access_tokens = AccessTokens::new(config.issuer.clone(), config.audience.clone(), config.access_token_ttl);
        let passwords = Passwords::start(config.argon2, config.hashing_threads, config.hashing_queue)?;
        let freshness = Arc::new(Freshness::new(config.feed_timeout));
        let viewers = Arc::new(Viewers::new(config.session_cache, config.session_idle_ttl, freshness.clone()));
        let feed = Feed::start(source, viewers.clone(), freshness).await;
        Ok(Self { config, clock, db, keys, access_tokens, passwords, viewers, feed, uses: Uses::default() })
    }

    /// A session to be opened now for this client.
    pub(crate) fn new_session(&self, client: Client, now: Timestamp) -> NewSession {
        NewSession { id: SessionId(new_id(now)), created_at: now, expires_at: now + self.config.session_ttl, client }
    }

    /// The session's current tokens.
    pub(crate) fn sign_in(&self, account: Account, session: Session, now: Timestamp) -> Result<SignIn, Error> {
        let (access, access_expires_at) = self.access_tokens.mint(&self.keys, &account, &session, now)?;
        let refresh = RefreshToken { session: session.id, counter: session.refresh_counter }.mint(&self.keys);
        let caller = SignedIn::verified(Arc::new(account), session.id);
        Ok(SignIn { caller, session, tokens: TokenPair { access, access_expires_at, refresh } })
    }

    /// Since when a session must have been used, to be active at `now`.
    pub(crate) fn unused_since(&self, now: Timestamp) -> Timestamp {
        now - self.config.session_idle_ttl
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({:?})", self.config)
    }
}
