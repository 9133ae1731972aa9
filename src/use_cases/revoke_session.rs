//! Ending one of the caller's sessions.

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::ids::SessionId;
use crate::sessions::store::{Asking, revoke_own};

/// Ends the caller's session `id`. Returns whether the caller had such a session and it was active.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is
/// away. The session may not have ended.
pub(crate) async fn revoke_session(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    id: SessionId,
) -> Result<bool, Error> {
    let asking = Asking { account: caller.account().id, by: caller.session(), client };
    let at = app.active_at(app.clock.now());
    let ended = app.db.run(async |connection| revoke_own(connection, &asking, id, at).await).await;
    app.session_cache.forget_sessions(&[id]);
    ended?.ok_or(Error::Unauthenticated(Reason::SessionRevoked))
}
