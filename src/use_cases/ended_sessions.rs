//! Listing the sessions that were ended together with all others of their account.

use crate::app::App;
use crate::error::Error;
use crate::ids::SessionId;
use crate::sessions::{Ending, Session, store};

/// The number of sessions that this ended.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn count(app: &App, ending: &Ending) -> Result<i64, Error> {
    let unused_since = app.unused_since(ending.at);
    app.db.run(async |connection| store::count_ended(connection, ending, unused_since).await).await
}

/// At most `first` of these sessions that follow `after`, newest first.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn list(app: &App, ending: &Ending, page: (Option<SessionId>, u16)) -> Result<Vec<Session>, Error> {
    let unused_since = app.unused_since(ending.at);
    app.db.run(async |connection| store::list_ended(connection, ending, page, unused_since).await).await
}
