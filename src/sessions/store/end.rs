//! Ending sessions one by one.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::sessions::ActiveAt;

/// Ends those of the sessions that have not ended, including those that were left unused for too long. Returns their
/// number.
pub(crate) async fn log_out(
    connection: &mut Connection,
    ids: &[SessionId],
    client: &Client,
    now: Timestamp,
) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    let ending = LoggingOut { ids, now, origin: Origin::of(client) };
    Ok(ending.all_rows::<Uuid>(connection).await?.len())
}

/// The session that asks to end others of its account.
pub(crate) struct Asking<'a> {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that is not active.
    pub(crate) by: SessionId,
    /// The client that sent the request.
    pub(crate) client: &'a Client,
}

/// Ends a session of the account, if both it and the one that asks are active. Returns whether it was active. `None`
/// if the one that asks is not.
pub(crate) async fn revoke_own(
    connection: &mut Connection,
    asking: &Asking<'_>,
    target: SessionId,
    at: ActiveAt,
) -> Result<Option<bool>, Error> {
    let origin = Origin::of(asking.client);
    let revoking = RevokingOwn { account: asking.account.0, by: asking.by.0, target: target.0, at, origin };
    let rows = revoking.all_rows::<ActiveRow>(connection).await?;
    let is_asking = rows.iter().any(|row| row.id == asking.by.0);
    Ok(is_asking.then(|| rows.iter().any(|row| row.has_ended)))
}

statement! {
    struct LoggingOut<'a> = "log_out.sql" {
        ids: Vec<Uuid>,
        now: Timestamp,
        origin: Origin<'a>,
    } -> Uuid
}

statement! {
    struct RevokingOwn<'a> = "revoke_own.sql" {
        account: Uuid,
        by: Uuid,
        target: Uuid,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> ActiveRow
}

row! {
    /// A session that was active.
    struct ActiveRow {
        id: Uuid,
        has_ended: bool,
    }
}
