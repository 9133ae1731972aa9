//! A sign-in that waits for its second step.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::flows::{FlowKeys, TRIES, flow_hash};
use crate::sessions::PendingSignIn;

/// A sign-in that is open.
pub(crate) struct OpenSignIn {
    pub(crate) flow: Uuid,
    pub(crate) account: Account,
    /// The address that the account had when it began.
    pub(crate) email: String,
    pub(crate) pending: PendingSignIn,
    pub(crate) expires_at: Timestamp,
    /// Whether the account has a second factor.
    pub(crate) has_factor: bool,
}

impl OpenSignIn {
    /// Whether its account may get a first second factor in it: it has none, and is as it was when the sign-in began. The statement
    /// that adds the factor decides.
    pub(crate) fn can_enrol(&self) -> bool {
        let is_same = self.account.session_generation == self.pending.generation;
        is_same && self.account.email.eq_ignore_ascii_case(&self.email) && !self.has_factor
    }
}

/// Finds the sign-in with this token. `None` if there is none, it is over, or the account is disabled.
pub(crate) async fn find_sign_in(
    connection: &mut Connection,
    keys: &FlowKeys,
    token: &str,
    now: Timestamp,
) -> Result<Option<OpenSignIn>, Error> {
    let Some(token_hash) = flow_hash(token) else { return Ok(None) };
    let finding = FindingSignIn { token_hash, now, tries: TRIES };
    let row = finding.one_row::<FoundRow>(connection).await.optional()?;
    Ok(row.and_then(|FoundRow { flow, flow_email, data, flow_expires_at, is_asked, account }| {
        let pending = PendingSignIn::from_bytes(&keys.open(flow, &data?)?)?;
        let (account, email) = (account.into(), flow_email);
        Some(OpenSignIn { flow, account, email, pending, expires_at: flow_expires_at, has_factor: is_asked })
    }))
}

statement! {
    struct FindingSignIn = "find_sign_in.sql" {
        token_hash: Vec<u8>,
        now: Timestamp,
        tries: i32,
    } -> FoundRow
}

row! {
    struct FoundRow {
        flow: Uuid,
        flow_email: String,
        data: Option<Vec<u8>>,
        flow_expires_at: Timestamp,
        is_asked: bool,
        account: AccountRow,
    }
}
