//! Ending all of the caller's other sessions.

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::sessions::Ending;
use crate::sessions::store::{Asking, end_others};

/// Ends all of the caller's sessions except the one that asks, and the trust in all devices. The time that this takes does not depend on their
/// number. `None` if there was no other.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is
/// away. The sessions may not have ended.
pub(crate) async fn revoke_other_sessions(
    app: &App,
    client: &Client,
    caller: &SignedIn,
) -> Result<Option<Ending>, Error> {
    let asking = Asking { account: caller.account().id, by: caller.session(), client };
    let turn = app.turn(asking.account).await?;
    let at = app.active_at(app.clock.now());
    let ended = app.db.run(async |connection| end_others(connection, &asking, at).await).await;
    drop(turn);
    app.all_ended(asking.account);
    ended?.ok_or(Error::Unauthenticated(Reason::SessionRevoked))
}
