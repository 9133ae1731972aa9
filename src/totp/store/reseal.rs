//! Walking through all sealed secrets, to seal them anew.

use uuid::Uuid;

use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;

/// How many secrets one step reads.
const BATCH: i64 = 500;

/// The accounts that come next after this one, with their sealed secrets. None at the end.
pub(crate) async fn sealed_after(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Vec<(AccountId, Vec<u8>)>, Error> {
    let rows = ListingSealed { account: account.0, batch: BATCH }.all_rows::<SealedRow>(connection).await?;
    Ok(rows.into_iter().map(|row| (AccountId(row.account_id), row.secret)).collect())
}

/// Secrets with new seals, one at the same place of each list.
#[derive(Default)]
pub(crate) struct Resealed {
    pub(crate) accounts: Vec<Uuid>,
    pub(crate) before: Vec<Vec<u8>>,
    pub(crate) after: Vec<Vec<u8>>,
}

/// Replaces the seals, except where the secret is another one by now. Returns how many were replaced.
pub(crate) async fn reseal(connection: &mut Connection, resealed: &Resealed) -> Result<usize, Error> {
    let Resealed { accounts, before, after } = resealed;
    Ok(Resealing { account: accounts, sealed: before, resealed: after }.run(connection).await?)
}

statement! {
    struct ListingSealed = "list_sealed.sql" {
        account: Uuid,
        batch: i64,
    } -> SealedRow
}

row! {
    struct SealedRow {
        account_id: Uuid,
        secret: Vec<u8>,
    }
}

statement! {
    struct Resealing<'a> = "reseal.sql" {
        account: &'a Vec<Uuid>,
        sealed: &'a Vec<Vec<u8>>,
        resealed: &'a Vec<Vec<u8>>,
    }
}
