//! Starting an instance.

use std::any::Any;
use std::sync::Arc;

use async_graphql::ObjectType;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::open::{open_to_serve, prepare, unreachable};
use super::{Portcullis, StartError};
use crate::app::App;
use crate::background::Background;
use crate::clock::Clock;
use crate::config::{Config, Environment, MailWay};
use crate::db::Database;
use crate::graphql::host::{Host, NoFields};
use crate::graphql::operations::{Operations, read_registered};
use crate::http::page_documents;

/// An instance that is not started yet: [`Portcullis::builder`].
///
/// An application's own objects add their fields to `Query` and `Mutation`. Each of these fields says who may call it, by
/// `#[graphql(directive = portcullis::auth::apply())]` or `portcullis::public::apply()`, and finds the caller by
/// [`caller`](crate::caller). A field without a directive, and a name that Portcullis has already, fail the start.
#[must_use = "it has to be started"]
pub struct Builder<Q = NoFields, M = NoFields> {
    config: Config,
    host: Host<Q, M>,
}

impl Builder {
    pub(super) fn new(config: Config) -> Self {
        Self { config, host: Host::default() }
    }
}

impl<Q, M> Builder<Q, M> {
    /// Adds the fields of an object to `Query`. More than one object: merge them with `async_graphql::MergedObject`.
    pub fn query<O: ObjectType + 'static>(self, query: O) -> Builder<O, M> {
        Builder { config: self.config, host: self.host.with_query(query) }
    }

    /// Adds the fields of an object to `Mutation`.
    pub fn mutation<O: ObjectType + 'static>(self, mutation: O) -> Builder<Q, O> {
        Builder { config: self.config, host: self.host.with_mutation(mutation) }
    }

    /// Gives resolvers a value, which they find by `ctx.data::<T>()`. It is cloned for each request: put what is large into an
    /// [`Arc`].
    pub fn data<T: Any + Clone + Send + Sync>(mut self, value: T) -> Self {
        self.host.provide(value);
        self
    }
}

impl<Q: ObjectType + 'static, M: ObjectType + 'static> Builder<Q, M> {
    /// The whole schema in the schema definition language, for a client's code generator. This starts nothing.
    ///
    /// # Errors
    /// When the added fields can't be used.
    pub fn sdl(&self) -> Result<String, StartError> {
        self.host.check()?;
        Ok(crate::graphql::sdl_with(&self.host))
    }

    /// Starts the instance. It connects to the database or starts the private one, migrates it if the settings permit
    /// that, loads the signing keys, which the first start makes, follows the changes of other instances, and starts
    /// the hashing threads and the background tasks. This needs tokio's multi-thread runtime.
    ///
    /// # Errors
    /// When the added fields can't be used, or one of these steps fails. The error is a sentence for the operator.
    pub async fn start(self) -> Result<Portcullis, StartError> {
        let Self { config, host } = self;
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return Err("Portcullis needs tokio's multi-thread runtime: #[tokio::main] has it by default".into());
        }
        // This is checked before anything is started.
        host.check()?;
        let registered = read_registered(&config.graphql, &host, page_documents(&config.mail)).await?;
        let opened = open_to_serve(&config, |_| ()).await?;
        let left = prepare(&config, opened.direct(), opened.private.is_some()).await?;
        if !left.is_empty() {
            tracing::info!(
                migrations = left.join(", "),
                "the database can be contracted when no instance of the release before runs any more: \
                 `portcullis migrate --contract`"
            );
        }
        if !config.limits.enabled && !config.environment.is_development() {
            tracing::warn!(
                "PORTCULLIS_RATE_LIMITS is off: anybody may try passwords as fast as the server compares them"
            );
        }
        tell_of_mails(&config);
        let secret = opened.secret()?;
        let database = Database::new(opened.target.clone(), 1, config.database_timeout);
        database.ping().await.map_err(|error| unreachable(&opened.target, &error))?;
        let app = Arc::new(App::start(config, opened.target.clone(), secret, Clock::system()).await?);
        let operations = Arc::new(Operations::new(app.clone(), &host, registered)?);
        let background = Background::start(&app);
        Ok(Portcullis::new(app, operations, background, opened.private))
    }
}

/// Says once how mails leave, and what is off if they don't.
fn tell_of_mails(config: &Config) {
    let from = &config.mail.from;
    match &config.mail.way {
        MailWay::Smtp(server) => {
            tracing::info!(server = server.address(), tls = ?server.tls, %from, "mails are sent by SMTP");
            if server.is_exposed() {
                tracing::warn!(
                    "PORTCULLIS_SMTP_URL lets mails leave unencrypted: whoever reads them on the way can open accounts by their links"
                );
            }
        }
        MailWay::Directory(directory) => tracing::info!(?directory, "mails are written into a directory"),
        MailWay::Mailbox => match config.mail_page() {
            Some(url) => {
                tracing::info!(url, "no mail is sent: they are shown at this address, to this machine alone");
            }
            None => tracing::warn!(
                "mails are neither sent nor shown: PORTCULLIS_SMTP_URL is not set, and PORTCULLIS_ISSUER names another machine"
            ),
        },
        MailWay::None => tracing::warn!(
            "no mail can be sent, since PORTCULLIS_SMTP_URL is not set: addresses are not verified, passwords can't be reset, \
             and there is no sign-in by e-mail"
        ),
    }
    if matches!(config.mail.way, MailWay::Smtp(_) | MailWay::Directory(_)) && config.mail.has_exposed_links() {
        tracing::warn!(
            url = config.mail.link_url,
            "links in mails lead to a page over http: whoever is on the way can change it, and use the links. \
             Set PORTCULLIS_LINK_URL or PORTCULLIS_ISSUER to https"
        );
    }
    if matches!(config.mail.way, MailWay::Directory(_)) && config.environment == Environment::Production {
        tracing::warn!("PORTCULLIS_MAIL_DIR is for trying things out: no mail reaches anybody");
    }
}
