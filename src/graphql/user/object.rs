//! The fields of `User`, as the library resolves them.

use async_graphql::{Context, ID, Object};

use crate::app::SignedIn;
use crate::graphql::error::ApiError;
use crate::graphql::events::{SecurityEventConnection, events_of};
use crate::graphql::scalars::DateTime;
use crate::graphql::second_factor::factors::factors_of;
use crate::graphql::second_factor::passkeys::{Passkey, passkeys_of};
use crate::graphql::second_factor::trusted_devices::{TrustedDevice, devices_of};
use crate::graphql::session::list::{SessionConnection, sessions_of};

/// A user account. It is always the caller's own.
pub(super) struct UserObject(pub(super) SignedIn);

/// A user account. It is always the caller's own, because nobody can see another account.
#[Object(name = "User")]
impl UserObject {
    /// The id of the account. It never changes, and is the claim `sub` of access tokens.
    async fn id(&self) -> ID {
        self.0.account().id.0.into()
    }

    /// The e-mail address as it was typed at registration, with its domain in ASCII.
    async fn email(&self) -> &str {
        &self.0.account().email
    }

    /// Since when it is proven that mails to this address reach the account's owner. Null if it is not. Whether it is proven is the
    /// claim `email_verified` of access tokens.
    async fn email_verified_at(&self) -> Option<DateTime> {
        self.0.account().email_verified_at.map(Into::into)
    }

    /// The username as it was typed at registration.
    async fn username(&self) -> Option<&str> {
        self.0.account().username.as_deref()
    }

    /// The roles that the operator gave the account. They are the claim `roles` of access tokens.
    async fn roles(&self) -> &[String] {
        &self.0.account().roles
    }

    /// When the account was registered.
    async fn created_at(&self) -> DateTime {
        self.0.account().created_at.into()
    }

    /// Since when the account has an authenticator app. Null if it has none.
    async fn totp_enabled_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>, ApiError> {
        Ok(factors_of(ctx, &self.0).await?.and_then(|factors| factors.totp_since).map(Into::into))
    }

    /// How many recovery codes of the account were not used yet. 0 if it has none. Null if that can't be told at the moment.
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<Option<i32>, ApiError> {
        let left = factors_of(ctx, &self.0).await?.map_or(0, |factors| factors.recovery_codes_left);
        Ok(i32::try_from(left).ok())
    }

    /// The account's passkeys, the oldest first. There are at most 20.
    async fn passkeys(&self, ctx: &Context<'_>) -> Result<Option<Vec<Passkey>>, ApiError> {
        passkeys_of(ctx, &self.0).await.map(Some)
    }

    /// The devices on which the account is signed in to without its second factor, the last used first. There are 20 at the most. Null if
    /// that can't be told at the moment.
    async fn trusted_devices(&self, ctx: &Context<'_>) -> Result<Option<Vec<TrustedDevice>>, ApiError> {
        devices_of(ctx, &self.0).await.map(Some)
    }

    /// The account's active sessions, the newest first.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The largest number of items to return, from 1 to 100.", default_with = "Some(20)")]
        first: Option<u16>,
        #[graphql(desc = "Returns the sessions that follow the one with this cursor.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>, ApiError> {
        sessions_of(ctx, &self.0, first, after.as_deref()).await.map(Some)
    }

    /// The account's security events, the newest first, such as logins, failed logins, ended sessions and changes of
    /// the password.
    async fn security_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The largest number of items to return, from 1 to 100.", default_with = "Some(20)")]
        first: Option<u16>,
        #[graphql(desc = "Returns the events that follow the one with this cursor.")] after: Option<String>,
    ) -> Result<Option<SecurityEventConnection>, ApiError> {
        events_of(ctx, &self.0, first, after.as_deref()).await.map(Some)
    }
}
