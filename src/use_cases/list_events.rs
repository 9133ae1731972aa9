//! Listing the security events of an account.

use crate::app::App;
use crate::audit::{Event, EventPage, store};
use crate::error::Error;

/// The security events of each page, newest first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list_events(app: &App, pages: &[EventPage]) -> Result<Vec<Vec<Event>>, Error> {
    app.db.run(async |connection| store::list(connection, pages).await).await
}
