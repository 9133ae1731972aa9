//! Removing an authenticator app.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::mail::Posting;
use crate::sessions::store::Asking;
use crate::sessions::{ActiveAt, SecondFactorPolicy};

/// The outcome of the removal.
pub(crate) enum Removed {
    /// The account has no app any more, or had none.
    Done,
    /// Nothing was done, because it is the last second factor of an account that needs one.
    Needed,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Removes the app of the account, and the recovery codes if it was the last second factor. `mail` tells the address of it, if there was one.
pub(crate) async fn remove(
    connection: &mut Connection,
    asking: &Asking<'_>,
    mail: &Posting,
    at: ActiveAt,
    policy: SecondFactorPolicy<'_>,
) -> Result<Removed, Error> {
    let origin = Origin::of(asking.client);
    let removing = Removing { account: asking.account.0, by: asking.by.0, at, mail, origin, policy };
    let row = removing.one_row::<RemovedRow>(connection).await?;
    Ok(match (row.has_asked, row.is_needed) {
        (false, _) => Removed::SessionEnded,
        (true, true) => Removed::Needed,
        (true, false) => Removed::Done,
    })
}

statement! {
    struct Removing<'a> = "remove.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        mail: &'a Posting,
        origin: Origin<'a>,
        policy: SecondFactorPolicy<'a>,
    } -> RemovedRow
}

row! {
    struct RemovedRow {
        has_asked: bool,
        is_needed: bool,
    }
}
