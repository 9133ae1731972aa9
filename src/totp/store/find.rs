//! Charging an attempt and finding what a code is compared with.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::store::TakenRow;
use crate::limits::{Attempt, Decision, FactorAttempt};

/// What a code is compared with.
pub(crate) struct FoundTotp {
    /// The sealed secret. `None` if the account has none, or is disabled or gone.
    pub(crate) secret: Option<Vec<u8>>,
    /// How many more wrong codes the account bears.
    pub(crate) tries_left: i32,
}

/// Charges the attempt, and finds the account's secret, even if the attempt is refused.
pub(crate) async fn find(
    connection: &mut Connection,
    account: AccountId,
    attempt: &FactorAttempt,
) -> Result<(Decision, FoundTotp), Error> {
    let finding = Finding { attempt: &attempt.attempt, account: account.0, counter: &attempt.counter };
    let row = finding.one_row::<FoundRow>(connection).await?;
    let tries_left = attempt.tries_left(row.full_at);
    Ok((attempt.attempt.read(row.taken), FoundTotp { secret: row.secret, tries_left }))
}

statement! {
    struct Finding<'a> = "find.sql" {
        attempt: &'a Attempt,
        account: Uuid,
        counter: &'a Vec<u8>,
    } -> FoundRow
}

row! {
    struct FoundRow {
        taken: TakenRow,
        secret: Option<Vec<u8>>,
        full_at: Option<Timestamp>,
    }
}
