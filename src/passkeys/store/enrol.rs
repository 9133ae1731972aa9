//! Adding the first passkey in the sign-in that needs it.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{PasskeyId, SessionId};
use crate::mail::Posting;
use crate::passkeys::{NewPasskey, PasskeyName};
use crate::recovery_codes::HashedCodes;
use crate::sessions::store::{Bound, OpenedByMail, names, new_session};
use crate::sessions::{ActiveAt, Method, NewSession, PendingSignIn};

/// A passkey to be added.
pub(crate) struct Enrolment<'a> {
    /// The flow of the sign-in, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) pending: &'a PendingSignIn,
    pub(crate) id: PasskeyId,
    pub(crate) passkey: &'a NewPasskey,
    pub(crate) name: &'a PasskeyName,
    pub(crate) codes: &'a HashedCodes,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
}

/// The outcome of an enrolment.
pub(crate) enum Enrolled {
    /// The account has the passkey and is signed in.
    Opened(Box<OpenedByMail>),
    /// Nothing was done, because an account has a passkey with this credential id. The challenge counts as answered.
    Taken,
    /// Nothing was done: the flow is over, the challenge was answered before, or the account is disabled, gone, has a second factor by
    /// now, or was changed since the sign-in began.
    Over,
}

/// Ends the flow, adds the passkey and the recovery codes, and opens a session. Of several at once one succeeds.
pub(crate) async fn enrol(
    connection: &mut Connection,
    enrolment: &Enrolment<'_>,
    session: NewSession,
    bound: &Bound,
) -> Result<Enrolled, Error> {
    let Enrolment { flow, pending, id, passkey, name, codes, mail } = enrolment;
    let enrolling = Enrolling {
        flow: *flow,
        account: passkey.account.0,
        generation: pending.generation,
        password_of: pending.password_of,
        proves_email: pending.methods.contains(&Method::Email),
        passkey: id.0,
        credential_id: &passkey.credential_id,
        public_key: &passkey.public_key,
        sign_count: passkey.sign_count.into(),
        is_backup_eligible: passkey.is_backup_eligible,
        is_backed_up: passkey.is_backed_up,
        aaguid: passkey.aaguid,
        transports: &passkey.transports,
        name: name.as_str(),
        nonce: passkey.challenge.nonce,
        challenge_expires_at: passkey.challenge.expires_at,
        codes,
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        mail,
        origin: Origin::of(&session.client),
    };
    let Some(row) = enrolling.one_row::<EnrolledRow>(connection).await.optional()? else {
        return Ok(Enrolled::Over);
    };
    if !row.is_open {
        return Ok(if row.is_first_answer { Enrolled::Taken } else { Enrolled::Over });
    }
    let mut account = Account::from(row.account);
    if row.is_new {
        account.email_verified_at = Some(session.created_at);
    }
    Ok(Enrolled::Opened(Box::new(OpenedByMail {
        session: new_session(session, account.id, account.session_generation),
        account,
        ended: row.ended.into_iter().map(SessionId).collect(),
        password_of: pending.password_of,
        is_newly_verified: row.is_new,
    })))
}

statement! {
    struct Enrolling<'a> = "enrol.sql" {
        flow: Uuid,
        account: Uuid,
        generation: i64,
        password_of: Option<Timestamp>,
        proves_email: bool,
        passkey: Uuid,
        credential_id: &'a Vec<u8>,
        public_key: &'a Vec<u8>,
        sign_count: i64,
        is_backup_eligible: bool,
        is_backed_up: bool,
        aaguid: Option<Uuid>,
        transports: &'a Vec<String>,
        name: &'a str,
        nonce: Uuid,
        challenge_expires_at: Timestamp,
        codes: &'a HashedCodes,
        session: Uuid,
        methods: Vec<String>,
        at: ActiveAt,
        expires_at: Timestamp,
        most: i64,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> EnrolledRow
}

row! {
    struct EnrolledRow {
        account: AccountRow,
        is_first_answer: bool,
        is_open: bool,
        is_new: bool,
        ended: Vec<Uuid>,
    }
}
