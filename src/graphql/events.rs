//! `User.securityEvents`.

use async_graphql::connection::PageInfo;
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::error::ApiError;
use super::loaders::EventLoader;
use super::pages::page;
use super::scalars::DateTime;
use crate::app::SignedIn;
use crate::audit::{Event, EventPage};

/// What happened to an account.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::audit::Kind")]
pub(crate) enum SecurityEventKind {
    /// The account was made, and a session opened unless an operator made it.
    Registered,
    /// A session was opened with the password.
    LoggedIn,
    /// A password was tried that is not the account's. Under attack not each one is told.
    LoginFailed,
    /// The account's password was tried too often, by one address or by many, or a session was refreshed too often. Told once an
    /// hour.
    Limited,
    /// A session was ended by its own tokens.
    LoggedOut,
    /// A refresh token was used again, and its session ended: somebody had a copy.
    RefreshTokenReused,
    /// A session was ended by one of the account's sessions, by a change of the password, by an operator, or to make room for a new
    /// one.
    SessionRevoked,
    /// The password was changed.
    PasswordChanged,
    /// A wrong password was given as the current one, to change it.
    PasswordChangeFailed,
    /// An operator shut the account out.
    AccountDisabled,
    /// An operator let the account in again.
    AccountEnabled,
    /// An operator ended all sessions of the account.
    AccountSignedOut,
    /// The account was deleted.
    AccountDeleted,
    /// A wrong password was given to delete the account.
    AccountDeletionFailed,
    /// An operator restored the account after it was deleted.
    AccountRestored,
}

/// Something that happened to an account.
#[derive(SimpleObject)]
pub(crate) struct SecurityEvent {
    /// Identifies the event.
    id: ID,
    /// What happened.
    kind: SecurityEventKind,
    /// When.
    occurred_at: DateTime,
    /// To which session: for one that was opened or ended, and for the password, which session asked.
    session_id: Option<ID>,
    /// The address of whoever did it.
    ip_address: Option<String>,
    /// The `User-Agent` of whoever did it, as claimed, at most 256 characters.
    user_agent: Option<String>,
    /// The request that it happened in, for the operator's log.
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

/// An event and its place in the connection.
#[derive(SimpleObject)]
pub(crate) struct SecurityEventEdge {
    /// What to ask the next page after.
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

    /// Where the page is.
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
    // One more tells whether there are more.
    let page = EventPage { account: caller.account().id, after, first: first + 1 };
    let mut events = ctx.data_unchecked::<DataLoader<EventLoader>>().load_one(page).await?.unwrap_or_default();
    let has_next_page = events.len() > usize::from(first);
    events.truncate(usize::from(first));
    // Those before a cursor were asked for already.
    Ok(SecurityEventConnection { events, has_previous_page: after.is_some(), has_next_page })
}
