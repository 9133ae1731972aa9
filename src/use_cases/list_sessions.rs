//! Listing the sessions of an account.

use crate::app::App;
use crate::error::Error;
use crate::sessions::{Page, Session, store};

/// The active sessions of each page, newest first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn list_sessions(app: &App, pages: &[Page]) -> Result<Vec<Vec<Session>>, Error> {
    let now = app.clock.now();
    let times = (app.unused_since(now), now);
    app.db.run(async |connection| store::list(connection, pages, times).await).await
}
