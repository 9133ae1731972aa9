//! Ending the trust in devices.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::sessions::ActiveAt;
use crate::sessions::store::Asking;

/// Ends the trust of the account in these of its devices, or in all if `ids` is `None`. Returns which were trusted. `None` if the
/// session that asks is not active.
pub(crate) async fn forget(
    connection: &mut Connection,
    asking: &Asking<'_>,
    ids: Option<Vec<Uuid>>,
    at: ActiveAt,
) -> Result<Option<Vec<Uuid>>, Error> {
    let origin = Origin::of(asking.client);
    let (is_all, ids) = (ids.is_none(), ids.unwrap_or_default());
    let forgetting = Forgetting { account: asking.account.0, by: asking.by.0, is_all, ids, at, origin };
    let row = forgetting.one_row::<ForgottenRow>(connection).await?;
    Ok(row.has_asked.then_some(row.forgotten))
}

statement! {
    struct Forgetting<'a> = "forget.sql" {
        account: Uuid,
        by: Uuid,
        is_all: bool,
        ids: Vec<Uuid>,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> ForgottenRow
}

row! {
    struct ForgottenRow {
        has_asked: bool,
        forgotten: Vec<Uuid>,
    }
}
