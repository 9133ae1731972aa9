//! `User.sessions`.

use std::sync::Arc;

use async_graphql::connection::PageInfo;
use async_graphql::{Context, Object, SimpleObject};
use tokio::sync::OnceCell;

use super::object::Session;
use crate::app::{App, SignedIn};
use crate::graphql::error::ApiError;
use crate::graphql::loaders::Loaders;
use crate::graphql::pages::page;
use crate::ids::SessionId;
use crate::sessions::{self, Ending, Page};
use crate::use_cases::ended_sessions;

/// Sessions of an account, page by page (GraphQL Cursor Connections Specification).
pub(crate) struct SessionConnection {
    sessions: Vec<sessions::Session>,
    /// The session of the request, if it has one.
    current: Option<SessionId>,
    has_previous_page: bool,
    has_next_page: bool,
}

/// A session with its cursor.
#[derive(SimpleObject)]
pub(crate) struct SessionEdge {
    /// Give this as `after` to get the sessions that follow.
    cursor: String,
    /// The session.
    node: Session,
}

/// Sessions of an account, page by page (GraphQL Cursor Connections Specification).
#[Object]
impl SessionConnection {
    /// The page's sessions with their cursors.
    async fn edges(&self) -> Vec<SessionEdge> {
        let edge = |session: &sessions::Session| SessionEdge {
            cursor: session.id.to_string(),
            node: Session::new(session.clone(), self.current),
        };
        self.sessions.iter().map(edge).collect()
    }

    /// The page's sessions.
    async fn nodes(&self) -> Vec<Session> {
        self.sessions.iter().map(|session| Session::new(session.clone(), self.current)).collect()
    }

    /// Whether there are other pages, and the cursors of this page's ends.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.sessions.first().map(|session| session.id.to_string()),
            end_cursor: self.sessions.last().map(|session| session.id.to_string()),
        }
    }
}

/// The caller's active sessions, newest first. A cursor is the id of a session.
pub(crate) async fn sessions_of(
    ctx: &Context<'_>,
    caller: &SignedIn,
    first: Option<u16>,
    after: Option<&str>,
) -> Result<SessionConnection, ApiError> {
    let (first, after) = page(first, after)?;
    let after = after.map(SessionId);
    // One more than asked for is loaded, to know whether there is a next page.
    let page = Page { account: caller.account().id, after, first: first + 1 };
    let loader = ctx.data_unchecked::<Loaders>().sessions();
    let mut sessions = loader.load_one(page).await?.unwrap_or_default();
    let has_next_page = sessions.len() > usize::from(first);
    sessions.truncate(usize::from(first));
    // A client that has a cursor has seen the page before it.
    Ok(SessionConnection {
        sessions,
        current: Some(caller.session()),
        has_previous_page: after.is_some(),
        has_next_page,
    })
}

/// The sessions that one request ended all together, if there were any.
pub(crate) struct EndedSessions {
    /// The session of the request, if it has one.
    current: Option<SessionId>,
    ending: Option<Ending>,
    counted: OnceCell<i32>,
}

impl EndedSessions {
    pub(crate) fn new(current: Option<SessionId>, ending: Option<Ending>) -> Self {
        Self { current, ending, counted: OnceCell::new() }
    }

    /// The number of these sessions. They are counted once, however many fields ask for it.
    pub(crate) async fn count(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        let Some(ending) = &self.ending else { return Ok(0) };
        let app = ctx.data_unchecked::<Arc<App>>();
        let count = async || Ok(i32::try_from(ended_sessions::count(app, ending).await?).unwrap_or(i32::MAX));
        self.counted.get_or_try_init(count).await.copied()
    }

    /// A page of these sessions, the newest first.
    pub(crate) async fn page(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<&str>,
    ) -> Result<SessionConnection, ApiError> {
        let (first, after) = page(first, after)?;
        let app = ctx.data_unchecked::<Arc<App>>();
        let mut sessions = match &self.ending {
            // One more than asked for is loaded, to know whether there is a next page.
            Some(ending) => ended_sessions::list(app, ending, (after.map(SessionId), first + 1)).await?,
            None => Vec::new(),
        };
        let has_next_page = sessions.len() > usize::from(first);
        sessions.truncate(usize::from(first));
        let current = self.current;
        Ok(SessionConnection { sessions, current, has_previous_page: after.is_some(), has_next_page })
    }
}
