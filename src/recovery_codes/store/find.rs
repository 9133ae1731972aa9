//! Finding what a code is compared with.

use uuid::Uuid;

use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::passwords::PasswordHash;

/// What a code is compared with.
pub(crate) struct FoundCode {
    /// The hash in its slot. `None` if there is none, or it was used.
    pub(crate) hash: Option<PasswordHash>,
    /// How many codes of the account were not used yet.
    pub(crate) left: i64,
}

/// Finds the code of an account in this slot.
pub(crate) async fn find(connection: &mut Connection, account: AccountId, slot: i32) -> Result<FoundCode, Error> {
    let row = Finding { account: account.0, slot }.one_row::<FoundRow>(connection).await?;
    Ok(FoundCode { hash: row.hash.map(PasswordHash::new), left: row.unused })
}

statement! {
    struct Finding = "find.sql" {
        account: Uuid,
        slot: i32,
    } -> FoundRow
}

row! {
    struct FoundRow {
        hash: Option<String>,
        unused: i64,
    }
}
