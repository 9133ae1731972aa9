//! Removing a passkey.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::PasskeyId;
use crate::mail::Posting;
use crate::sessions::store::Asking;
use crate::sessions::{ActiveAt, SecondFactorPolicy};

/// A passkey to be removed.
pub(crate) struct Removal<'a> {
    /// The session that asks.
    pub(crate) asking: Asking<'a>,
    pub(crate) id: PasskeyId,
    /// Whether a mail alone signs in.
    pub(crate) signs_in_by_mail: bool,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
}

/// The outcome of the removal.
pub(crate) enum Removed {
    /// The account does not have the passkey any more.
    Done,
    /// It has none with this id.
    NotFound,
    /// Nothing was done, because it is the last second factor of an account that needs one.
    Needed,
    /// Nothing was done, because nobody could sign in to the account any more.
    LastWayIn,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Removes a passkey of the account, and the recovery codes if it was the last second factor.
pub(crate) async fn remove(
    connection: &mut Connection,
    removal: &Removal<'_>,
    at: ActiveAt,
    policy: SecondFactorPolicy<'_>,
) -> Result<Removed, Error> {
    let Removal { asking, id, signs_in_by_mail, mail } = removal;
    let removing = Removing {
        account: asking.account.0,
        by: asking.by.0,
        at,
        passkey: id.0,
        signs_in_by_mail: *signs_in_by_mail,
        mail,
        origin: Origin::of(asking.client),
        policy,
    };
    Ok(match removing.one_row::<RemovedRow>(connection).await? {
        RemovedRow { has_asked: false, .. } => Removed::SessionEnded,
        RemovedRow { is_found: false, .. } => Removed::NotFound,
        RemovedRow { is_removed: false, is_needed: true, .. } => Removed::Needed,
        RemovedRow { is_removed: false, .. } => Removed::LastWayIn,
        _ => Removed::Done,
    })
}

statement! {
    struct Removing<'a> = "remove.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        passkey: Uuid,
        signs_in_by_mail: bool,
        mail: &'a Posting,
        origin: Origin<'a>,
        policy: SecondFactorPolicy<'a>,
    } -> RemovedRow
}

row! {
    struct RemovedRow {
        has_asked: bool,
        is_found: bool,
        is_removed: bool,
        is_needed: bool,
    }
}
