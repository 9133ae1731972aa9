//! Noting that the owner of a session proved again who they are.

use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::SessionRow;
use super::end::Asking;
use crate::audit::store::Origin;
use crate::db::{Connection, row, statement};
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Method, Session};

/// The outcome of a proof.
pub(crate) enum ProvedAgain {
    /// It was noted in the session.
    Done(Session),
    /// Nothing was done, because the hash was replaced, or the account has no password, is disabled or was removed.
    OtherHash,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Notes in the session that asks that its owner proved who they are by this method, if `hash` is still that of the account's
/// password.
pub(crate) async fn prove_again(
    connection: &mut Connection,
    asking: &Asking<'_>,
    hash: &PasswordHash,
    method: Method,
    at: ActiveAt,
) -> Result<ProvedAgain, Error> {
    let proving = Proving {
        account: asking.account.0,
        by: asking.by.0,
        hash: hash.as_str(),
        method: method.as_str(),
        at,
        origin: Origin::of(asking.client),
    };
    let row = proving.get_result::<ProvenRow>(connection).await?;
    Ok(match (row.has_hash, row.session) {
        (false, _) => ProvedAgain::OtherHash,
        (true, None) => ProvedAgain::SessionEnded,
        (true, Some(session)) => ProvedAgain::Done(session.into()),
    })
}

statement! {
    struct Proving<'a> = "prove_again.sql" {
        account: Uuid,
        by: Uuid,
        hash: &'a str,
        method: &'static str,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> ProvenRow
}

row! {
    struct ProvenRow {
        has_hash: bool,
        session: Option<SessionRow>,
    }
}
