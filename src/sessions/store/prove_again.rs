//! Noting that the owner of a session proved again who they are.

use uuid::Uuid;

use super::SessionRow;
use super::end::Asking;
use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Method, Session};

/// The outcome of a proof.
pub(crate) enum ProvedAgain {
    /// It was noted in the session.
    Done(Session),
    /// Nothing was done, because the hash was replaced, or the account has no password, is disabled or was removed.
    OtherHash,
    /// Nothing was done, because the account has a second factor, and the session has not shown one.
    LacksFactor,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Notes in the session that asks that its owner proved who they are by this method. If that is the password, `hash` has to be
/// still its hash.
pub(crate) async fn prove_again(
    connection: &mut Connection,
    asking: &Asking<'_>,
    hash: Option<&PasswordHash>,
    method: Method,
    at: ActiveAt,
) -> Result<ProvedAgain, Error> {
    let proving = Proving {
        account: asking.account.0,
        by: asking.by.0,
        hash: hash.map(PasswordHash::as_str),
        method: method.as_str(),
        enough: Method::second_factors(),
        at,
        origin: Origin::of(asking.client),
    };
    let row = proving.one_row::<ProvenRow>(connection).await?;
    Ok(match row {
        ProvenRow { has_hash: false, .. } => ProvedAgain::OtherHash,
        ProvenRow { lacks_factor: true, .. } => ProvedAgain::LacksFactor,
        ProvenRow { session: None, .. } => ProvedAgain::SessionEnded,
        ProvenRow { session: Some(session), .. } => ProvedAgain::Done(session.into()),
    })
}

statement! {
    struct Proving<'a> = "prove_again.sql" {
        account: Uuid,
        by: Uuid,
        hash: Option<&'a str>,
        method: &'static str,
        enough: Vec<String>,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> ProvenRow
}

row! {
    struct ProvenRow {
        has_hash: bool,
        lacks_factor: bool,
        session: Option<SessionRow>,
    }
}
