//! Ending all sessions of one's own but this one.

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::sessions::SessionId;
use crate::sessions::store::{Asked, revoke_own};

/// Ends all the caller's sessions but the one that asks. Returns which were active until now.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is away: the
/// sessions may live on.
pub async fn revoke_other_sessions(app: &App, client: &Client, caller: &SignedIn) -> Result<Vec<SessionId>, Error> {
    let asked = Asked { account: caller.account().id, by: caller.session(), target: None, client };
    let now = app.clock.now();
    let ended = app.db.run(async |connection| revoke_own(connection, &asked, now).await).await?;
    let ended = ended.ok_or(Error::Unauthenticated(Reason::SessionRevoked))?;
    app.viewers.forget_sessions(&ended);
    Ok(ended)
}
