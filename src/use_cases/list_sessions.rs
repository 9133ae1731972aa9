//! Listing the sessions of an account.

use crate::app::App;
use crate::error::Error;
use crate::sessions::{Page, Session, store};

/// The active sessions of each page, newest first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list_sessions(app: &App, pages: &[Page]) -> Result<Vec<Vec<Session>>, Error> {
    let at = app.active_at(app.clock.now());
    app.db.run(async |connection| store::list(connection, pages, at).await).await
}
