//! Replacing an account's codes.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::mail::Posting;
use crate::recovery_codes::HashedCodes;
use crate::sessions::ActiveAt;
use crate::sessions::store::Asking;

/// The outcome of the replacement.
pub(crate) enum Replaced {
    /// The account has the new codes, and no others.
    Done,
    /// Nothing was done, because the account has no second factor.
    NoSecondFactor,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Replaces all codes of the account, used ones as well, if it has a second factor. `mail` tells the address of it.
pub(crate) async fn replace(
    connection: &mut Connection,
    asking: &Asking<'_>,
    codes: &HashedCodes,
    mail: &Posting,
    at: ActiveAt,
) -> Result<Replaced, Error> {
    let origin = Origin::of(asking.client);
    let replacing = Replacing { account: asking.account.0, by: asking.by.0, at, codes, mail, origin };
    let row = replacing.one_row::<ReplacedRow>(connection).await?;
    Ok(match (row.has_asked, row.is_done) {
        (false, _) => Replaced::SessionEnded,
        (true, false) => Replaced::NoSecondFactor,
        (true, true) => Replaced::Done,
    })
}

statement! {
    struct Replacing<'a> = "replace.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        codes: &'a HashedCodes,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> ReplacedRow
}

row! {
    struct ReplacedRow {
        has_asked: bool,
        is_done: bool,
    }
}
