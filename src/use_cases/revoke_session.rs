//! Ending a session of one's own.

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::ids::SessionId;
use crate::sessions::store::{Asking, revoke_own};

/// Ends the caller's session `id`. Returns whether there was such a session and it was active; somebody else's is none.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is away: the
/// session may live on.
pub async fn revoke_session(app: &App, client: &Client, caller: &SignedIn, id: SessionId) -> Result<bool, Error> {
    let asking = Asking { account: caller.account().id, by: caller.session(), client };
    let now = app.clock.now();
    let ended = app.db.run(async |connection| revoke_own(connection, &asking, id, now).await).await;
    app.session_cache.forget_sessions(&[id]);
    ended?.ok_or(Error::Unauthenticated(Reason::SessionRevoked))
}
