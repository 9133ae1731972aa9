//! The tries of a flow in which a second factor is shown. One is taken before anything is compared, so of many at once no more are
//! compared than there are tries.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::flows::TRIES;

/// Takes a try. Returns how many are left after it, and `None` if the flow is over or had none left.
pub(crate) async fn take_factor_try(
    connection: &mut Connection,
    flow: Uuid,
    now: Timestamp,
) -> Result<Option<i32>, Error> {
    let tries = TakingTry { flow, tries: TRIES, now }.one_row::<i32>(connection).await.optional()?;
    Ok(tries.map(|tries| TRIES - tries))
}

/// Gives a try back, because nothing was compared.
pub(crate) async fn return_factor_try(connection: &mut Connection, flow: Uuid) -> Result<(), Error> {
    ReturningTry { flow }.run(connection).await?;
    Ok(())
}

statement! {
    struct TakingTry = "take_factor_try.sql" {
        flow: Uuid,
        tries: i32,
        now: Timestamp,
    } -> i32
}

statement! {
    struct ReturningTry = "return_factor_try.sql" {
        flow: Uuid,
    }
}
