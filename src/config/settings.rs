//! The settings as they are given.

use std::path::Path;

use clap::Args;

use super::sections;

/// The settings as they are given: as flags, else as environment variables, else in the file of settings, else by default. Made of
/// what [`parse`](super::parse) returns, and read by [`Settings::check`].
#[derive(Args, Clone)]
pub struct Settings {
    #[command(flatten)]
    pub(super) server: sections::server::ServerSettings,
    #[command(flatten)]
    pub(super) database: sections::database::DatabaseSettings,
    #[command(flatten)]
    pub(super) tokens: sections::tokens::TokenSettings,
    #[command(flatten)]
    pub(super) sessions: sections::sessions::SessionSettings,
    #[command(flatten)]
    pub(super) passwords: sections::passwords::PasswordSettings,
    #[command(flatten)]
    pub(super) passkeys: sections::passkeys::PasskeySettings,
    #[command(flatten)]
    pub(super) second_factors: sections::second_factors::SecondFactorSettings,
    #[command(flatten)]
    pub(super) mail: sections::mail::MailSettings,
    #[command(flatten)]
    pub(super) limits: sections::limits::LimitSettings,
    #[command(flatten)]
    pub(super) connections: sections::connections::ConnectionSettings,
    #[command(flatten)]
    pub(super) browsers: sections::browsers::BrowserSettings,
    #[command(flatten)]
    pub(super) graphql: sections::graphql::GraphqlSettings,
}

impl Settings {
    /// The file of settings, if one was named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        let file = self.server.config.as_ref().filter(|file| file.is_set)?;
        Some(file.value.path())
    }
}
