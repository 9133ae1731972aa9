//! The tries of a sign-in that waits for its second factor.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::flows::{TRIES, flow_hash};
use crate::limits::FlowAttempt;
use crate::limits::store::TakenRow;
use crate::passwords::PasswordHash;
use crate::sessions::StoredPasskey;

/// A sign-in of which one try was taken, and what a second factor of its account is compared with.
pub(crate) struct TriedSignIn {
    pub(crate) flow: Uuid,
    pub(crate) account: Account,
    /// The address that the account had when it began.
    pub(crate) email: String,
    /// What it keeps, sealed.
    pub(crate) data: Vec<u8>,
    /// How many tries are left after this one.
    pub(crate) tries_left: i32,
    /// When the bucket that counts for the account was full.
    pub(crate) full_at: Option<Timestamp>,
    /// The sealed secret of the account's authenticator app.
    pub(crate) secret: Option<Vec<u8>>,
    /// The hash of the recovery code in the slot.
    pub(crate) hash: Option<PasswordHash>,
    /// How many recovery codes were not used yet.
    pub(crate) codes_left: i64,
    /// Since when the account has a second factor.
    pub(crate) asked_since: Option<Timestamp>,
    /// The account's passkey with the id of the credential.
    pub(crate) passkey: Option<StoredPasskey>,
}

/// Takes one of the tries of the sign-in with this token, charges the attempt, and finds what it is compared with: of the recovery codes
/// the one in `slot`, of the passkeys the one with this id. Also gives what became of the attempt. `None` if there is no such sign-in, it is over, or the account is disabled. The try is taken before anything is
/// compared, so of many at once no more are compared than there are tries.
pub(crate) async fn try_sign_in(
    connection: &mut Connection,
    token: &str,
    (slot, credential_id): (Option<i32>, Option<Vec<u8>>),
    attempt: &FlowAttempt,
) -> Result<Option<(TriedSignIn, TakenRow)>, Error> {
    let Some(token_hash) = flow_hash(token) else { return Ok(None) };
    let trying = Trying { token_hash, tries: TRIES, slot, credential_id, attempt };
    let row = trying.one_row::<TriedRow>(connection).await.optional()?;
    Ok(row.and_then(|row| {
        let tried = TriedSignIn {
            flow: row.flow,
            account: row.account.into(),
            email: row.flow_email,
            data: row.data?,
            tries_left: TRIES - row.factor_tries,
            full_at: row.full_at,
            secret: row.secret,
            hash: row.hash.map(PasswordHash::new),
            codes_left: row.unused,
            asked_since: row.asked_since,
            passkey: row.passkey.map(|PasskeyRow { name, public_key, is_backup_eligible }| StoredPasskey {
                name,
                public_key,
                is_backup_eligible,
            }),
        };
        Some((tried, row.taken))
    }))
}

statement! {
    struct Trying<'a> = "try_sign_in.sql" {
        token_hash: Vec<u8>,
        tries: i32,
        slot: Option<i32>,
        credential_id: Option<Vec<u8>>,
        attempt: &'a FlowAttempt,
    } -> TriedRow
}

row! {
    struct TriedRow {
        flow: Uuid,
        flow_email: String,
        factor_tries: i32,
        data: Option<Vec<u8>>,
        account: AccountRow,
        taken: TakenRow,
        full_at: Option<Timestamp>,
        secret: Option<Vec<u8>>,
        hash: Option<String>,
        unused: i64,
        asked_since: Option<Timestamp>,
        passkey: Option<PasskeyRow>,
    }
}

row! {
    struct PasskeyRow {
        name: String,
        public_key: Vec<u8>,
        is_backup_eligible: bool,
    }
}
