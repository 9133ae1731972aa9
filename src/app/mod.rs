//! The parts of the server, which are put together here.

mod asking;
mod caller;
mod charge;
mod console;
mod enrolment;
mod factor_change;
mod factor_check;
mod failed;
mod fresh;
mod mailing;
mod new_authenticator;
mod notice;
mod operator;
mod passkey_check;
mod password_check;
mod readings;
mod reverting;
mod second_step;
mod tasks;
mod trusted_devices;
mod turns;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::accounts::Account;
use crate::client::Client;
use crate::clock::{Clock, Timestamp, new_id};
use crate::config::{Config, DatabaseChoice, Secret};
use crate::db::{Database, Target};
use crate::error::Error;
use crate::flows::FlowKeys;
use crate::ids::{AccountId, SessionId};
use crate::limits::Limits;
use crate::mail::{self, Mailbox, Mailer, Outbox};
use crate::metrics::{HASHING_WAIT, Metrics};
use crate::passkeys::Passkeys;
use crate::passwords::Passwords;
use crate::sealing::{Purpose, Seals};
use crate::sessions::feed::Source;
use crate::sessions::{ActiveAt, Feed, Freshness, Method, NewSession, Session, SessionCache, Uses};
use crate::tokens::access::AccessTokens;
use crate::tokens::keys::{self, Keys};
use crate::tokens::refresh::RefreshToken;
use crate::tokens::rotation::{NewKey, Policy};
use crate::tokens::{TokenPair, service};
use crate::totp::TotpSeals;

pub(crate) use asking::{Asked, EmailRequest};
pub use caller::{SignIn, SignedIn};
pub use console::Console;
pub(crate) use enrolment::EnrolmentStep;
pub(crate) use factor_check::{
    CheckedFactor, FactorInSignIn, FactorInput, FactorOwner, ProvenSignIn, fewest, known_by,
};
pub(crate) use fresh::{FreshlySignedIn, WaysToProve, fresh_until};
pub(crate) use mailing::{Ask, Started};
pub(crate) use new_authenticator::NewAuthenticator;
pub use operator::Operator;
pub(crate) use passkey_check::{CheckedPasskey, PasskeyHolder};
pub(crate) use password_check::{Acted, Anybody, Caller, Checked, Confirmed};
pub(crate) use reverting::LinkTo;
pub(crate) use second_step::{FactorInFlow, SecondStep};
pub(crate) use tasks::{Task, Tasks};
use turns::{Turn, Turns};

/// Everything that a use case needs.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// What seals mails until they are sent.
    pub(crate) outbox: Outbox,
    /// How mails leave. `None` if they don't.
    pub(crate) mailer: Option<Mailer>,
    /// What seals flows and authenticates their codes.
    pub(crate) flow_keys: FlowKeys,
    /// What seals the secrets of authenticator apps.
    pub(crate) totp_seals: TotpSeals,
    /// Passkeys. `None` if browsers have none for the pages of this deployment.
    pub(crate) passkeys: Option<Passkeys>,
    /// The database.
    pub db: Database,
    /// The deployment's keys.
    pub keys: Keys,
    /// Access tokens of our issuer.
    pub access_tokens: AccessTokens,
    /// Password hashing.
    pub passwords: Passwords,
    /// Limits on attempts.
    pub limits: Arc<Limits>,
    /// What is known about service keys that were presented.
    pub service_keys: service::Memory,
    /// The cache of verified callers.
    pub session_cache: Arc<SessionCache>,
    /// The feed of changes.
    pub feed: Feed,
    /// The uses of sessions that wait to be written.
    pub uses: Uses,
    /// Notified when all sessions of an account ended, which has to be recorded session by session.
    pub endings: Notify,
    /// The turns at accounts' rows.
    pub(crate) turns: Turns,
    /// What is known of mails.
    pub(crate) mail_counts: mail::Counts,
    /// How the background tasks fare.
    pub(crate) tasks: Tasks,
    /// What this instance measures.
    pub(crate) metrics: Metrics,
}

impl App {
    /// Puts the parts together. It loads the keys, which the first start makes, starts the hashing threads, and
    /// follows the feed of changes. The database must have been migrated.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away; [`Error::Internal`] with a sentence for the operator when the secret
    /// is not the database's.
    pub async fn start(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let listen = match &config.database {
            DatabaseChoice::External { direct: Some(direct), .. } => direct.clone(),
            _ => target.clone(),
        };
        let source = Source { listen, speak: target.clone() };
        let db = Database::new(target, config.database_pool_size, config.database_timeout);
        let keys = start_keys(&config, &db, secret, clock.now()).await?;
        let access_tokens = AccessTokens::new(config.issuer.clone(), config.audience.clone(), config.access_token_ttl);
        let passwords = Passwords::start(config.argon2, config.hashing_threads, config.hashing_queue)?;
        let limits = Arc::new(Limits::new(config.limits));
        let freshness = Arc::new(Freshness::new(config.feed_timeout));
        let session_cache =
            Arc::new(SessionCache::new(config.session_cache, config.session_idle_ttl, freshness.clone()));
        let previous = config.secret_previous.as_ref();
        let outbox = Outbox::new(secret, previous)?;
        let flow_keys = FlowKeys::new(secret, previous)?;
        let totp_seals = TotpSeals::new(secret, previous)?;
        let passkeys = config.passkeys.as_ref().map(|party| Passkeys::new(party, secret, previous)).transpose()?;
        let mailer = Mailer::new(&config.mail)?;
        let metrics = Metrics::new(config.metrics_listen.is_some())?;
        passwords.measure(metrics.durations(HASHING_WAIT));
        if metrics.is_on() {
            session_cache.measure();
        }
        let feed = Feed::start(source, session_cache.clone(), freshness).await;
        Ok(Self {
            config,
            clock,
            outbox,
            mailer,
            flow_keys,
            totp_seals,
            passkeys,
            db,
            keys,
            access_tokens,
            passwords,
            limits,
            service_keys: service::Memory::default(),
            session_cache,
            feed,
            uses: Uses::default(),
            endings: Notify::new(),
            turns: Turns::default(),
            mail_counts: mail::Counts::default(),
            tasks: Tasks::default(),
            metrics,
        })
    }

    /// The mailbox that shows mails, if that is how they leave.
    #[must_use]
    pub fn mailbox(&self) -> Option<&Mailbox> {
        self.mailer.as_ref()?.mailbox()
    }

    /// The passkeys of this deployment.
    ///
    /// # Errors
    /// [`Error::Disabled`] if browsers have none for its pages.
    pub(crate) fn passkeys_are_on(&self) -> Result<&Passkeys, Error> {
        self.passkeys
            .as_ref()
            .ok_or(Error::Disabled("There are no passkeys here: the operator has set no domain for them."))
    }

    /// A session to be opened now for this client, whose user proved who they are by these methods.
    pub(crate) fn new_session(&self, client: Client, methods: Vec<Method>, now: Timestamp) -> NewSession {
        let expires_at = now + self.config.session_ttl;
        NewSession { id: SessionId(new_id(now)), created_at: now, methods, expires_at, client }
    }

    /// Lets go of the database, before that is stopped.
    pub(crate) fn close(&self) {
        self.feed.end();
        self.db.close();
    }

    /// A turn at the account's row. A request of the owner that locks the row takes it before it takes a connection.
    pub(crate) async fn turn(&self, account: AccountId) -> Result<Turn, Error> {
        self.turns.take(account, self.config.database_timeout).await
    }

    /// Call this when all sessions of an account may have ended.
    pub(crate) fn all_ended(&self, account: AccountId) {
        self.session_cache.forget_account(account);
        self.endings.notify_one();
    }

    /// Mints the current tokens of the session.
    pub(crate) fn sign_in(&self, account: Account, session: Session, now: Timestamp) -> Result<SignIn, Error> {
        let keys = self.keys.current();
        let (access, access_expires_at) = self.access_tokens.mint(&keys, &account, &session, now)?;
        let refresh = RefreshToken { session: session.id, counter: session.refresh_counter }.mint(&keys);
        let caller = SignedIn::verified(Arc::new(account), session.id, Some(session.authenticated_at.timestamp()));
        Ok(SignIn { caller, session, tokens: TokenPair { access, access_expires_at, refresh } })
    }

    /// What a session has to be, to be active at `now`.
    pub(crate) fn active_at(&self, now: Timestamp) -> ActiveAt {
        ActiveAt::new(now, self.config.session_idle_ttl)
    }

    /// The time since when a session must have been used to be active at `now`.
    pub(crate) fn unused_since(&self, now: Timestamp) -> Timestamp {
        self.active_at(now).unused_since
    }
}

/// This takes two steps, so that no connection is held while a key is made, which may take a second.
async fn start_keys(config: &Config, db: &Database, secret: &Secret, now: Timestamp) -> Result<Keys, Error> {
    let seals = Seals::new(secret, config.secret_previous.as_ref(), Purpose::Keys)?;
    let policy = Policy::new(config);
    let fresh = match db.run(async |connection| keys::needed(connection, policy, now).await).await? {
        Some(algorithm) => Some(NewKey::generate(algorithm).await?),
        None => None,
    };
    db.run(async |connection| Keys::start(connection, seals, policy, fresh, now).await).await
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({:?})", self.config)
    }
}
