//! `User.sessions`.

use async_graphql::connection::PageInfo;
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Object, SimpleObject};
use uuid::Uuid;

use super::Session;
use crate::app::SignedIn;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::SessionLoader;
use crate::sessions::{self, Page, SessionId};

/// Sessions of an account, page by page (GraphQL Cursor Connections Specification).
pub(crate) struct SessionConnection {
    sessions: Vec<sessions::Session>,
    current: SessionId,
    has_previous_page: bool,
    has_next_page: bool,
}

/// A session and its place in the connection.
#[derive(SimpleObject)]
pub(crate) struct SessionEdge {
    /// What to ask the next page after.
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

    /// Where the page is.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.sessions.first().map(|session| session.id.to_string()),
            end_cursor: self.sessions.last().map(|session| session.id.to_string()),
        }
    }
}

/// Sessions on a page where no number is asked for.
pub(crate) const USUAL: u16 = 20;

/// Most sessions on a page.
pub(crate) const MOST: u16 = 100;

/// The caller's active sessions, newest first. A cursor is the id of a session.
pub(crate) async fn sessions_of(
    ctx: &Context<'_>,
    caller: &SignedIn,
    first: Option<u16>,
    after: Option<&str>,
) -> Result<SessionConnection, ApiError> {
    let after = after.map(Uuid::parse_str).transpose();
    let after = after.map_err(|_| ApiError::Input("`after` is not a cursor of this connection."))?.map(SessionId);
    let first = first.unwrap_or(USUAL);
    if !(1..=MOST).contains(&first) {
        return Err(ApiError::Input("`first` is from 1 to 100."));
    }
    // One more tells whether there are more.
    let page = Page { account: caller.account().id, after, first: first + 1 };
    let loader = ctx.data_unchecked::<DataLoader<SessionLoader>>();
    let mut sessions = loader.load_one(page).await?.unwrap_or_default();
    let has_next_page = sessions.len() > usize::from(first);
    sessions.truncate(usize::from(first));
    // Those before a cursor were asked for already.
    Ok(SessionConnection { sessions, current: caller.session(), has_previous_page: after.is_some(), has_next_page })
}
