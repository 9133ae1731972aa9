//! Ends all sessions of an account at once: its generation is raised, however many there are. The end of each of them
//! is recorded later.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::end::Asking;
use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::sessions::{ActiveAt, Ending};

/// Ends all sessions of the account except the one that asks. `Some(None)` if there is no other. `None` if the one
/// that asks is not active.
pub(crate) async fn end_others(
    connection: &mut Connection,
    asking: &Asking<'_>,
    at: ActiveAt,
) -> Result<Option<Option<Ending>>, Error> {
    let origin = Origin::of(asking.client);
    let ending = EndingOthers { account: asking.account.0, by: asking.by.0, at, origin };
    let row = ending.one_row::<AskedRow>(connection).await.optional()?;
    let ending = |generation| Ending { account: asking.account, generation, at: at.now };
    Ok(row.map(|row| row.generation.map(ending)))
}

statement! {
    struct EndingOthers<'a> = "end_others.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> AskedRow
}

row! {
    struct AskedRow {
        generation: Option<i64>,
    }
}
