//! Noting that the address of an account is proven.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::ids::AccountId;

/// Ends the flow, and notes that this address is proven. Returns the address as the account has it. `None` if the flow is over, or the account is disabled, gone, or has another
/// address. Of several at once one succeeds.
pub(crate) async fn verify(
    connection: &mut Connection,
    flow: Uuid,
    (account, email): (AccountId, &str),
    client: &Client,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let verifying = Verifying { flow, account: account.0, email, now, origin: Origin::of(client) };
    Ok(verifying.one_row::<String>(connection).await.optional()?)
}

statement! {
    struct Verifying<'a> = "verify.sql" {
        flow: Uuid,
        account: Uuid,
        email: &'a str,
        now: Timestamp,
        origin: Origin<'a>,
    } -> String
}
