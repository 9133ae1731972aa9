//! Adding a passkey.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::PasskeyId;
use crate::mail::Posting;
use crate::passkeys::{MOST, NewPasskey, PasskeyName};
use crate::recovery_codes::HashedCodes;
use crate::sessions::ActiveAt;
use crate::sessions::store::Asking;

/// A passkey to be added.
pub(crate) struct Addition<'a> {
    /// The session that asks. It is one of the passkey's account.
    pub(crate) asking: Asking<'a>,
    pub(crate) id: PasskeyId,
    pub(crate) passkey: &'a NewPasskey,
    pub(crate) name: &'a PasskeyName,
    /// Recovery codes for an account that has none, or no second factor.
    pub(crate) codes: &'a HashedCodes,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
}

/// The outcome of the addition.
pub(crate) enum Added {
    /// The account has the passkey.
    Done {
        /// Whether it got the recovery codes.
        has_new_codes: bool,
    },
    /// Nothing was done, because the account has no second factor any more, and there are no recovery codes for it.
    CodesLacking,
    /// Nothing was done, because the challenge was answered before.
    Answered,
    /// The account has as many as it may have. The challenge counts as answered.
    TooMany,
    /// An account has a passkey with this credential id. The challenge counts as answered.
    Taken,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Notes that the challenge is used, and gives the account its passkey.
pub(crate) async fn add(connection: &mut Connection, addition: &Addition<'_>, at: ActiveAt) -> Result<Added, Error> {
    let Addition { asking, id, passkey, name, codes, mail } = addition;
    let adding = Adding {
        account: passkey.account.0,
        by: asking.by.0,
        at,
        passkey: id.0,
        credential_id: &passkey.credential_id,
        public_key: &passkey.public_key,
        sign_count: passkey.sign_count.into(),
        is_backup_eligible: passkey.is_backup_eligible,
        is_backed_up: passkey.is_backed_up,
        aaguid: passkey.aaguid,
        transports: &passkey.transports,
        name: name.as_str(),
        most: i32::try_from(MOST).unwrap_or(i32::MAX),
        nonce: passkey.challenge.nonce,
        challenge_expires_at: passkey.challenge.expires_at,
        codes,
        mail,
        origin: Origin::of(asking.client),
    };
    let row = adding.one_row::<AddedRow>(connection).await?;
    Ok(match row {
        AddedRow { is_added: true, has_new_codes, .. } => Added::Done { has_new_codes },
        AddedRow { has_asked: false, .. } => Added::SessionEnded,
        AddedRow { is_ready: false, .. } => Added::CodesLacking,
        AddedRow { is_first_answer: false, .. } => Added::Answered,
        AddedRow { has_room: false, .. } => Added::TooMany,
        _ => Added::Taken,
    })
}

statement! {
    struct Adding<'a> = "add.sql" {
        account: Uuid,
        by: Uuid,
        at: ActiveAt,
        passkey: Uuid,
        credential_id: &'a Vec<u8>,
        public_key: &'a Vec<u8>,
        sign_count: i64,
        is_backup_eligible: bool,
        is_backed_up: bool,
        aaguid: Option<Uuid>,
        transports: &'a Vec<String>,
        name: &'a str,
        most: i32,
        nonce: Uuid,
        challenge_expires_at: Timestamp,
        codes: &'a HashedCodes,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> AddedRow
}

row! {
    struct AddedRow {
        has_asked: bool,
        is_ready: bool,
        is_first_answer: bool,
        has_room: bool,
        is_added: bool,
        has_new_codes: bool,
    }
}
