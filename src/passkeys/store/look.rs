//! Looking, before codes are hashed, whether a passkey can be added.

use uuid::Uuid;

use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::passkeys::UsedChallenge;

/// What there is before a passkey is added.
pub(crate) struct Before {
    /// Whether the challenge was answered before.
    pub(crate) is_answered: bool,
    /// Whether the account has a second factor and recovery codes, used or not.
    pub(crate) has_codes: bool,
}

/// Finds what there is before this account answers this challenge.
pub(crate) async fn look(
    connection: &mut Connection,
    account: AccountId,
    challenge: UsedChallenge,
) -> Result<Before, Error> {
    let row = Looking { nonce: challenge.nonce, account: account.0 }.one_row::<BeforeRow>(connection).await?;
    Ok(Before { is_answered: row.is_answered, has_codes: row.has_codes })
}

statement! {
    struct Looking = "look.sql" {
        nonce: Uuid,
        account: Uuid,
    } -> BeforeRow
}

row! {
    struct BeforeRow {
        is_answered: bool,
        has_codes: bool,
    }
}
