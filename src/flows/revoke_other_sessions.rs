//! Ending all sessions of one's own but this one.

use crate::app::{App, SignedIn};
use crate::error::Error;
use crate::sessions::{SessionId, store};

/// Ends all the caller's sessions but the one that asks. Returns which were active until now.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away: the sessions may live on.
pub async fn revoke_other_sessions(app: &App, caller: &SignedIn) -> Result<Vec<SessionId>, Error> {
    let (account, kept, now) = (caller.account().id, caller.session(), app.clock.now());
    let ended = app.db.run(async |connection| store::revoke_all_but(connection, account, kept, now).await).await?;
    app.viewers.forget_sessions(&ended);
    Ok(ended)
}
