//! The second factors of an account, as the function `portcullis_second_factors` finds them.

use uuid::Uuid;

use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::sessions::{Method, PasskeyHandle, SecondFactors};

/// The second factors of this account, and whether this session of it lacks one.
pub(crate) async fn second_factors(
    connection: &mut Connection,
    account: AccountId,
    session: SessionId,
) -> Result<(SecondFactors, bool), Error> {
    let finding = Finding { account: account.0, session: session.0, enough: Method::second_factors() };
    let found = finding.one_row::<FoundRow>(connection).await?;
    Ok((found.factors.into(), found.lacks_factor))
}

statement! {
    struct Finding = "second_factors.sql" {
        account: Uuid,
        session: Uuid,
        enough: Vec<String>,
    } -> FoundRow
}

row! {
    struct FoundRow {
        lacks_factor: bool,
        factors: FactorsRow,
    }
}

row! {
    pub(super) struct FactorsRow {
        pub(super) is_asked: bool,
        has_totp: bool,
        passkeys: Vec<Vec<u8>>,
        /// Of each passkey, with spaces between them.
        transports: Vec<String>,
        recovery_codes_left: i64,
    }
}

impl From<FactorsRow> for SecondFactors {
    fn from(row: FactorsRow) -> Self {
        let transports = row.transports.iter().map(|names| names.split_whitespace().map(str::to_owned).collect());
        let passkeys = row.passkeys.into_iter().zip(transports);
        Self {
            has_totp: row.has_totp,
            passkeys: passkeys.map(|(id, transports)| PasskeyHandle { id, transports }).collect(),
            recovery_codes_left: row.recovery_codes_left,
        }
    }
}
