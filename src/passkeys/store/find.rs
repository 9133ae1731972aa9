//! Charging an attempt and finding the passkey that signed an answer.

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::limits::store::TakenRow;
use crate::limits::{Attempt, Decision};

/// A passkey, and whose it is.
pub(crate) struct FoundPasskey {
    /// The account, which may be disabled.
    pub(crate) account: Account,
    /// As its owner named it.
    pub(crate) name: String,
    pub(crate) public_key: Vec<u8>,
    pub(crate) is_backup_eligible: bool,
}

/// Charges the attempt, and finds the passkey, even if the attempt is refused. This does the same work whether there is one or not.
pub(crate) async fn find(
    connection: &mut Connection,
    credential_id: &Vec<u8>,
    attempt: &Attempt,
) -> Result<(Decision, Option<FoundPasskey>), Error> {
    let row = Finding { attempt, credential_id }.one_row::<FoundRow>(connection).await?;
    let found = row.passkey.zip(row.account).map(|(passkey, account)| FoundPasskey {
        account: account.into(),
        name: passkey.name,
        public_key: passkey.public_key,
        is_backup_eligible: passkey.is_backup_eligible,
    });
    Ok((attempt.read(row.taken), found))
}

statement! {
    struct Finding<'a> = "find.sql" {
        attempt: &'a Attempt,
        credential_id: &'a Vec<u8>,
    } -> FoundRow
}

row! {
    struct FoundRow {
        taken: TakenRow,
        passkey: Option<PasskeyRow>,
        account: Option<AccountRow>,
    }
}

row! {
    struct PasskeyRow {
        name: String,
        public_key: Vec<u8>,
        is_backup_eligible: bool,
    }
}
