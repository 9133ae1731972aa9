//! `User.securityEvents`.

use async_graphql::connection::PageInfo;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::error::ApiError;
use super::loaders::Loaders;
use super::pages::page;
use super::scalars::DateTime;
use crate::app::SignedIn;
use crate::audit::{Event, EventPage};

/// The kinds of security events.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::audit::Kind")]
pub(crate) enum SecurityEventKind {
    /// The account was created. A session was opened with it, unless an operator created the account.
    Registered,
    /// A session was opened: with the password, with what a mail brought, or with a passkey.
    LoggedIn,
    /// Somebody tried a wrong password for the account, or an answer of one of its passkeys that is wrong. During an attack not every attempt is recorded.
    LoginFailed,
    /// The account's password was tried too often, by one address or by many, or a session was refreshed too often.
    /// This is recorded at most once an hour.
    Limited,
    /// A session was ended by `logout` with one of its own tokens.
    LoggedOut,
    /// A refresh token was used a second time, so somebody has a copy of it. Its session was ended.
    RefreshTokenReused,
    /// A session was ended by another session of the account, by a change of the password, by an operator, or because
    /// the account had too many sessions.
    SessionRevoked,
    /// The password was changed.
    PasswordChanged,
    /// `changePassword` was called with a wrong current password.
    PasswordChangeFailed,
    /// An operator disabled the account.
    AccountDisabled,
    /// An operator enabled the account again.
    AccountEnabled,
    /// An operator ended all sessions of the account.
    AccountSignedOut,
    /// The account was deleted.
    AccountDeleted,
    /// `deleteAccount` was called with a wrong password.
    AccountDeletionFailed,
    /// An operator restored the account after it was deleted.
    AccountRestored,
    /// Somebody asked by `startEmailVerification` for a mail that verifies the address.
    EmailVerificationRequested,
    /// Somebody proved that mails to the e-mail address reach them.
    EmailVerified,
    /// Somebody asked by `startEmailSignIn` for a mail that signs in.
    EmailSignInRequested,
    /// Somebody asked by `startEmailChange` for a change of the e-mail address.
    EmailChangeRequested,
    /// The e-mail address was changed. The new one is proven by that.
    EmailChanged,
    /// A change of the e-mail address was reverted with the link that the previous address got. All sessions were ended, and
    /// the password was deleted.
    EmailChangeReverted,
    /// Somebody asked by `startPasswordReset` for a mail that resets the password.
    PasswordResetRequested,
    /// The password was reset by mail. All sessions were ended.
    PasswordReset,
    /// A wrong code was tried in place of the one from a mail.
    CodeFailed,
    /// `reauthenticate` was called with a right factor.
    Reauthenticated,
    /// `reauthenticate` was called with a wrong password, or with a passkey that is not accepted.
    ReauthenticationFailed,
    /// An operator removed the second factors and the password of the account, and sent a mail with which a new password is set.
    AccountRecovered,
    /// An authenticator app was added by `confirmTotp` or `completeSecondFactorEnrolment`.
    TotpAdded,
    /// The authenticator app was removed: by `removeTotp`, by an operator who recovered the account, by the revert of a change of the
    /// e-mail address, or by a reset of the password that proved the address for the first time. Or another app took its place.
    TotpRemoved,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The recovery codes were replaced by `replaceRecoveryCodes`.
    RecoveryCodesReplaced,
    /// A wrong second factor was tried: a code of the authenticator app, a recovery code, or a passkey after another first step.
    /// During an attack not every attempt is recorded.
    SecondFactorFailed,
    /// A code of the authenticator app was accepted: for a sign-in, a reset of the password or `reauthenticate`.
    TotpUsed,
    /// A passkey was added by `addPasskey` or `completeSecondFactorEnrolment`.
    PasskeyAdded,
    /// A passkey was removed: by `removePasskey`, by an operator who recovered the account, by the revert of a change of the e-mail
    /// address, or by a reset of the password that proved the address for the first time.
    PasskeyRemoved,
    /// A passkey got another name by `renamePasskey`.
    PasskeyRenamed,
    /// A device is trusted from now on, because `completeSignIn` was called with `rememberDevice`. No second factor is asked for on it.
    DeviceTrusted,
    /// The trust in devices was ended by `forgetTrustedDevices` or `revokeOtherSessions`.
    DevicesForgotten,
    /// A passkey was used.
    PasskeyUsed,
    /// The sign count of a passkey did not rise, so there may be a copy of it. A passkey that can't be backed up was refused.
    PasskeySignCountFell,
}

/// Something that happened to an account.
#[derive(SimpleObject)]
pub(crate) struct SecurityEvent {
    /// Identifies the event.
    id: ID,
    /// What happened.
    kind: SecurityEventKind,
    /// When it happened.
    occurred_at: DateTime,
    /// The session that was opened or ended. When the password was changed, the session that changed it.
    session_id: Option<ID>,
    /// The IP address of the client that caused the event.
    ip_address: Option<String>,
    /// The `User-Agent` of the client that caused the event, as the client claims it. It has at most 256 characters.
    user_agent: Option<String>,
    /// The id of the request that caused the event. It finds the request in the operator's log.
    request_id: Option<String>,
}

impl From<Event> for SecurityEvent {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.into(),
            kind: SecurityEventKind::from(event.kind),
            occurred_at: event.occurred_at.into(),
            session_id: event.session.map(|session| session.0.into()),
            ip_address: event.ip_address.map(|address| address.to_string()),
            user_agent: event.user_agent,
            request_id: event.request_id,
        }
    }
}

/// Security events of an account, page by page (GraphQL Cursor Connections Specification).
pub(crate) struct SecurityEventConnection {
    events: Vec<Event>,
    has_previous_page: bool,
    has_next_page: bool,
}

/// An event with its cursor.
#[derive(SimpleObject)]
pub(crate) struct SecurityEventEdge {
    /// Give this as `after` to get the events that follow.
    cursor: String,
    /// The event.
    node: SecurityEvent,
}

/// Security events of an account, page by page (GraphQL Cursor Connections Specification).
#[Object]
impl SecurityEventConnection {
    /// The page's events with their cursors.
    async fn edges(&self) -> Vec<SecurityEventEdge> {
        let edge = |event: &Event| SecurityEventEdge { cursor: event.id.to_string(), node: event.clone().into() };
        self.events.iter().map(edge).collect()
    }

    /// The page's events.
    async fn nodes(&self) -> Vec<SecurityEvent> {
        self.events.iter().cloned().map(Into::into).collect()
    }

    /// Whether there are other pages, and the cursors of this page's ends.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.events.first().map(|event| event.id.to_string()),
            end_cursor: self.events.last().map(|event| event.id.to_string()),
        }
    }
}

/// The caller's security events, newest first. A cursor is the id of an event.
pub(super) async fn events_of(
    ctx: &Context<'_>,
    caller: &SignedIn,
    first: Option<u16>,
    after: Option<&str>,
) -> Result<SecurityEventConnection, ApiError> {
    let (first, after) = page(first, after)?;
    // One more than asked for is loaded, to know whether there is a next page.
    let page = EventPage { account: caller.account().id, after, first: first + 1 };
    let mut events = ctx.data_unchecked::<Loaders>().events().load_one(page).await?.unwrap_or_default();
    let has_next_page = events.len() > usize::from(first);
    events.truncate(usize::from(first));
    // A client that has a cursor has seen the page before it.
    Ok(SecurityEventConnection { events, has_previous_page: after.is_some(), has_next_page })
}
