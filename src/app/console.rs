//! The parts that operators' commands use.

use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::db::{Database, Target};
use crate::error::Error;
use crate::flows::FlowKeys;
use crate::mail::Outbox;
use crate::sealing::{Purpose, Seals};

/// The parts that an operator's command needs. It has no keys in memory and no threads.
pub struct Console {
    /// The settings.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// The secrets that open the keys in the database.
    pub seals: Seals,
    /// What seals mails until they are sent.
    pub(crate) outbox: Outbox,
    /// What seals flows and authenticates their codes.
    pub(crate) flow_keys: FlowKeys,
}

impl Console {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub fn new(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let db = Database::new(target, config.database_pool_size, config.database_timeout);
        let previous = config.secret_previous.as_ref();
        let seals = Seals::new(secret, previous, Purpose::Keys)?;
        let (outbox, flow_keys) = (Outbox::new(secret, previous)?, FlowKeys::new(secret, previous)?);
        Ok(Self { config, clock, db, seals, outbox, flow_keys })
    }
}

/// A command stops the database that it started, so nothing may connect to it any more.
impl Drop for Console {
    fn drop(&mut self) {
        self.db.close();
    }
}
