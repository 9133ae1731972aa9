//! The parts that operators' commands use.

use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::db::{Database, Target};
use crate::error::Error;
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
}

impl Console {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub fn new(config: Config, target: Target, secret: &Secret, clock: Clock) -> Result<Self, Error> {
        let db = Database::new(target, config.database_pool_size, config.database_timeout);
        let seals = Seals::new(secret, config.secret_previous.as_ref(), Purpose::Keys)?;
        Ok(Self { config, clock, db, seals })
    }
}

/// A command stops the database that it started, so nothing may connect to it any more.
impl Drop for Console {
    fn drop(&mut self) {
        self.db.close();
    }
}
