//! Giving an account back to whoever reads its mail.

use diesel::OptionalExtension;

use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::flows::NewFlow;
use crate::flows::store::Beginning;
use crate::mail::Posting;

/// Removes second factors, recovery codes and the password of the flow's account, ends its sessions and open flows, and begins the flow
/// with its mail. Returns whether it did: not if the account is disabled, gone, or has another address.
pub(crate) async fn recover(connection: &mut Connection, flow: &NewFlow, mail: &Posting) -> Result<bool, Error> {
    let recovering = Recovering { flow: flow.parameters(), mail };
    Ok(recovering.one_row::<i64>(connection).await.optional()?.is_some())
}

statement! {
    struct Recovering<'a> = "recover.sql" {
        flow: Beginning<'a>,
        mail: &'a Posting,
    } -> i64
}
