//! Which second factors accounts have.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;

/// The second factors of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    pub(crate) account: AccountId,
    /// Since when it has an authenticator app.
    pub(crate) totp_since: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    pub(crate) recovery_codes_left: i64,
}

/// The second factors of these accounts, in any order.
pub(crate) async fn factors_of(connection: &mut Connection, accounts: &[AccountId]) -> Result<Vec<Factors>, Error> {
    let listing = Listing { accounts: accounts.iter().map(|account| account.0).collect() };
    let rows = listing.all_rows::<FactorsRow>(connection).await?;
    let factors = |row: FactorsRow| Factors {
        account: AccountId(row.account),
        totp_since: row.totp_since,
        recovery_codes_left: row.recovery_codes_left,
    };
    Ok(rows.into_iter().map(factors).collect())
}

statement! {
    struct Listing = "factors.sql" {
        accounts: Vec<Uuid>,
    } -> FactorsRow
}

row! {
    struct FactorsRow {
        account: Uuid,
        totp_since: Option<Timestamp>,
        recovery_codes_left: i64,
    }
}
