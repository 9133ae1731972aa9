//! Ending all sessions of one's own but this one.

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::sessions::Ending;
use crate::sessions::store::{Asking, end_others};

/// Ends all the caller's sessions but the one that asks, in a time that does not depend on how many there are. `None` if there was
/// no other.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is away: the
/// sessions may live on.
pub async fn revoke_other_sessions(app: &App, client: &Client, caller: &SignedIn) -> Result<Option<Ending>, Error> {
    let asking = Asking { account: caller.account().id, by: caller.session(), client };
    let turn = app.turn(asking.account).await?;
    let now = app.clock.now();
    let ended = app.db.run(async |connection| end_others(connection, &asking, now).await).await;
    drop(turn);
    app.all_ended(asking.account);
    ended?.ok_or(Error::Unauthenticated(Reason::SessionRevoked))
}
