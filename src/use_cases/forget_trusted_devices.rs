//! Ending the trust in devices, by the owner of an account.

use uuid::Uuid;

use crate::app::{App, SignedIn};
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::sessions::store::Asking;
use crate::trusted_devices::store::forget;

/// Ends the trust of the caller's account in these of its devices, or in all if `ids` is `None`. Returns which were trusted.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session that asks ended meanwhile; [`Error::Unavailable`] when the database is away.
pub(crate) async fn forget_trusted_devices(
    app: &App,
    client: &Client,
    caller: &SignedIn,
    ids: Option<Vec<Uuid>>,
) -> Result<Vec<Uuid>, Error> {
    let asking = Asking { account: caller.account().id, by: caller.session(), client };
    let turn = app.turn(asking.account).await?;
    let at = app.active_at(app.clock.now());
    let ids = &ids;
    let forgotten = app.db.run(async |connection| forget(connection, &asking, ids.clone(), at).await).await?;
    drop(turn);
    forgotten.ok_or(Error::Unauthenticated(Reason::SessionRevoked))
}
