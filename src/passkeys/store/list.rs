//! Listing passkeys.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, PasskeyId};
use crate::passkeys::Passkey;

/// The passkeys of these accounts, those of each with the oldest first.
pub(crate) async fn list(connection: &mut Connection, accounts: &[AccountId]) -> Result<Vec<Passkey>, Error> {
    let listing = Listing { accounts: accounts.iter().map(|account| account.0).collect() };
    Ok(listing.all_rows::<PasskeyRow>(connection).await?.into_iter().map(Into::into).collect())
}

statement! {
    struct Listing = "list.sql" {
        accounts: Vec<Uuid>,
    } -> PasskeyRow
}

row! {
    pub(super) struct PasskeyRow {
        id: Uuid,
        account_id: Uuid,
        credential_id: Vec<u8>,
        transports: Vec<String>,
        name: String,
        created_at: Timestamp,
        last_used_at: Option<Timestamp>,
        is_backed_up: bool,
        aaguid: Option<Uuid>,
    }
}

impl From<PasskeyRow> for Passkey {
    fn from(row: PasskeyRow) -> Self {
        Self {
            id: PasskeyId(row.id),
            account: AccountId(row.account_id),
            credential_id: row.credential_id,
            transports: row.transports,
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            is_backed_up: row.is_backed_up,
            aaguid: row.aaguid,
        }
    }
}
