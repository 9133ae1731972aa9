//! Accepting a passkey whose signature was right: opening a session, or noting that its owner proved again who they are.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::SessionRow;
use super::end::Asking;
use super::open::{Bound, names, new_session};
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::sessions::{ActiveAt, NewSession, Session, ShownPasskey};

parameters! {
    ShownPasskey {
        credential_id: Vec<u8>,
        sign_count: i64,
        is_backed_up: bool,
        nonce: Uuid,
        challenge_expires_at: Timestamp,
    }
}

/// What became of a passkey whose signature was right.
pub(crate) enum AcceptedPasskey<T> {
    /// It was accepted, and this was done.
    Done(T),
    /// Nothing was done, because the challenge was answered before or is over.
    Answered,
    /// Nothing else was done, because the sign count fell, and the passkey is on one device only. This was recorded, and the owner is
    /// told by mail. The challenge counts as answered.
    CountFell,
    /// Nothing was done, because the passkey was removed, or the account is disabled or gone.
    Gone,
}

/// A session that was opened by a passkey.
pub(crate) struct OpenedByPasskey {
    pub(crate) account: Account,
    pub(crate) session: Session,
    /// The sessions that were ended to make room for it.
    pub(crate) ended: Vec<SessionId>,
    /// When the account's password was set, if it has one.
    pub(crate) password_of: Option<Timestamp>,
}

/// Opens a session for whoever has shown a passkey of this account. Of several at once with one challenge one succeeds. `mail` tells the
/// address if the sign count fell and the passkey is refused.
pub(crate) async fn open_by_passkey(
    connection: &mut Connection,
    account: AccountId,
    shown: &ShownPasskey,
    session: NewSession,
    bound: &Bound,
    mail: &Posting,
) -> Result<AcceptedPasskey<OpenedByPasskey>, Error> {
    let opening = OpeningByPasskey {
        account: account.0,
        shown,
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        mail,
        origin: Origin::of(&session.client),
    };
    let Some(row) = opening.one_row::<OpenedRow>(connection).await.optional()? else {
        return Ok(AcceptedPasskey::Gone);
    };
    Ok(match (row.is_first_answer, row.is_accepted) {
        (false, _) => AcceptedPasskey::Answered,
        (true, false) => AcceptedPasskey::CountFell,
        (true, true) => {
            let account = Account::from(row.account);
            AcceptedPasskey::Done(OpenedByPasskey {
                session: new_session(session, account.id, account.session_generation),
                account,
                ended: row.ended.into_iter().map(SessionId).collect(),
                password_of: row.password_of,
            })
        }
    })
}

statement! {
    struct OpeningByPasskey<'a> = "open_by_passkey.sql" {
        account: Uuid,
        shown: &'a ShownPasskey,
        session: Uuid,
        methods: Vec<String>,
        at: ActiveAt,
        expires_at: Timestamp,
        most: i64,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> OpenedRow
}

row! {
    struct OpenedRow {
        account: AccountRow,
        password_of: Option<Timestamp>,
        is_first_answer: bool,
        is_accepted: bool,
        ended: Vec<Uuid>,
    }
}

/// Notes in the session that asks that its owner proved by a passkey who they are. `None` if the session had ended.
pub(crate) async fn prove_by_passkey(
    connection: &mut Connection,
    asking: &Asking<'_>,
    shown: &ShownPasskey,
    mail: &Posting,
    at: ActiveAt,
) -> Result<Option<AcceptedPasskey<Session>>, Error> {
    let proving = ProvingByPasskey {
        account: asking.account.0,
        by: asking.by.0,
        shown,
        at,
        mail,
        origin: Origin::of(asking.client),
    };
    let row = proving.one_row::<ProvenRow>(connection).await?;
    Ok(match row {
        ProvenRow { has_asked: false, .. } => None,
        ProvenRow { session: Some(session), .. } => Some(AcceptedPasskey::Done(session.into())),
        ProvenRow { has_passkey: false, .. } => Some(AcceptedPasskey::Gone),
        ProvenRow { is_first_answer: false, .. } => Some(AcceptedPasskey::Answered),
        _ => Some(AcceptedPasskey::CountFell),
    })
}

statement! {
    struct ProvingByPasskey<'a> = "prove_by_passkey.sql" {
        account: Uuid,
        by: Uuid,
        shown: &'a ShownPasskey,
        at: ActiveAt,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> ProvenRow
}

row! {
    struct ProvenRow {
        has_asked: bool,
        has_passkey: bool,
        is_first_answer: bool,
        session: Option<SessionRow>,
    }
}
