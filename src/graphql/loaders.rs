//! Data loaders. They load what many fields of one request ask for with one statement. Each request has its own, so
//! that nobody sees what was loaded for somebody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};

use crate::app::App;
use crate::audit::{Event, EventPage};
use crate::error::Error;
use crate::sessions::{Page, Session};
use crate::use_cases::list_events::list_events;
use crate::use_cases::list_sessions::list_sessions;

/// Loads pages of sessions.
pub(crate) struct SessionLoader(Arc<App>);

/// The loader of one request.
pub(crate) fn sessions(app: Arc<App>) -> DataLoader<SessionLoader> {
    DataLoader::new(SessionLoader(app), tokio::spawn).delay(Duration::ZERO)
}

impl Loader<Page> for SessionLoader {
    type Value = Vec<Session>;
    type Error = Error;

    async fn load(&self, pages: &[Page]) -> Result<HashMap<Page, Vec<Session>>, Error> {
        let lists = list_sessions(&self.0, pages).await?;
        Ok(pages.iter().copied().zip(lists).collect())
    }
}

/// Loads pages of security events.
pub(crate) struct EventLoader(Arc<App>);

/// The loader of one request.
pub(crate) fn events(app: Arc<App>) -> DataLoader<EventLoader> {
    DataLoader::new(EventLoader(app), tokio::spawn).delay(Duration::ZERO)
}

impl Loader<EventPage> for EventLoader {
    type Value = Vec<Event>;
    type Error = Error;

    async fn load(&self, pages: &[EventPage]) -> Result<HashMap<EventPage, Vec<Event>>, Error> {
        let lists = list_events(&self.0, pages).await?;
        Ok(pages.iter().copied().zip(lists).collect())
    }
}
