//! Looking at the address that an account is to have.

use uuid::Uuid;

use crate::accounts::EmailAddress;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::store::TakenRow;
use crate::limits::{Attempt, Decision};

/// What there is before a change of an account's address.
pub(crate) struct BeforeChange {
    /// The address that the account has. `None` if the account is gone.
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    /// Whether another account has the new one.
    pub(crate) is_taken: bool,
}

/// Charges the attempt, and looks at the account and at its new address.
pub(crate) async fn find_new_email(
    connection: &mut Connection,
    account: AccountId,
    new: &EmailAddress,
    attempt: &Attempt,
) -> Result<(Decision, BeforeChange), Error> {
    let finding = FindingNewEmail { attempt, account: account.0, email: new.folded() };
    let BeforeRow { taken, email, username, is_taken } = finding.one_row::<BeforeRow>(connection).await?;
    Ok((attempt.read(taken), BeforeChange { email, username, is_taken }))
}

statement! {
    struct FindingNewEmail<'a> = "find_new_email.sql" {
        attempt: &'a Attempt,
        account: Uuid,
        email: String,
    } -> BeforeRow
}

row! {
    struct BeforeRow {
        taken: TakenRow,
        email: Option<String>,
        username: Option<String>,
        is_taken: bool,
    }
}
