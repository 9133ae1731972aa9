//! What operators' use cases work with: in a command, or in a server that acts for an operator.

use super::{App, Console};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::error::Error;
use crate::flows::FlowKeys;
use crate::ids::AccountId;
use crate::mail::{Locale, Outbox};
use crate::passwords::{self, FirstGuesses, Password, PasswordHash, Weakness};
use crate::sealing::Seals;

/// The parts that an operator's use case works with, whoever calls it. Both [`Console::operator`] and [`App::operator`] make one, so
/// that a command and an API do the same, with the same outcome and the same events.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    pub(crate) config: &'a Config,
    pub(crate) clock: &'a Clock,
    pub(crate) db: &'a Database,
    pub(crate) seals: &'a Seals,
    pub(crate) outbox: &'a Outbox,
    pub(crate) flow_keys: &'a FlowKeys,
    /// The server in which this happens. A command has none: no hashing threads, and nothing in memory that has to be forgotten.
    server: Option<&'a App>,
}

impl Operator<'_> {
    /// The hash of a new password: on the server's hashing threads if there are any, else on a thread for this one.
    pub(crate) async fn hash(
        &self,
        password: Password,
        guesses: FirstGuesses,
    ) -> Result<Result<PasswordHash, Weakness>, Error> {
        match self.server {
            Some(app) => app.passwords.permit()?.hash(password, guesses).await,
            None => passwords::hash_one(self.config.argon2, password, guesses).await,
        }
    }

    /// The language of mails to people whose language is not known.
    ///
    /// # Errors
    /// [`Error::Disabled`] when no mail can be sent.
    pub(crate) fn locale_of_mails(&self) -> Result<Locale, Error> {
        let mail = &self.config.mail;
        let is_possible = mail.is_possible().then(|| Locale::parse(&mail.locale).unwrap_or_default());
        is_possible.ok_or(Error::Disabled("No mail can be sent: PORTCULLIS_SMTP_URL is not set."))
    }

    /// To be said when all sessions of an account have ended. Other servers hear of it by the feed.
    pub(crate) fn all_ended(&self, account: AccountId) {
        if let Some(app) = self.server {
            app.all_ended(account);
        }
    }

    /// To be said when the signing keys have changed. Other servers hear of it by the feed, and this one too if it can't read them now.
    pub(crate) async fn keys_changed(&self) {
        let Some(app) = self.server else { return };
        if let Err(error) = app.db.run(async |connection| app.keys.reload(connection).await).await {
            let (causes, at) = (error.causes(), error.at());
            tracing::warn!(%error, causes, at, "the changed keys were not read, and are tried again");
        }
    }
}

impl Console {
    /// For a use case of an operator's in a command.
    #[must_use]
    pub fn operator(&self) -> Operator<'_> {
        let Self { config, clock, db, seals, outbox, flow_keys } = self;
        Operator { config, clock, db, seals, outbox, flow_keys, server: None }
    }
}

impl App {
    /// For a use case of an operator's in a server.
    #[must_use]
    pub fn operator(&self) -> Operator<'_> {
        let Self { config, clock, db, keys, outbox, flow_keys, .. } = self;
        Operator { config, clock, db, seals: keys.seals(), outbox, flow_keys, server: Some(self) }
    }
}
