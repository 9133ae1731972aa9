//! Ending a session of one's own.

use crate::app::{App, SignedIn};
use crate::error::Error;
use crate::sessions::{SessionId, store};

/// Ends the caller's session `id`. Returns whether there was such a session and it was active; somebody else's is none.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away: the session may live on.
pub async fn revoke_session(app: &App, caller: &SignedIn, id: SessionId) -> Result<bool, Error> {
    let (owner, now) = (caller.account().id, app.clock.now());
    let ended = app.db.run(async |connection| store::revoke(connection, &[id], Some(owner), now).await).await;
    app.viewers.forget_sessions(&[id]);
    Ok(ended? > 0)
}
