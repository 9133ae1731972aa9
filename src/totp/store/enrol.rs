//! Adding the first authenticator app in the sign-in that needs it.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::recovery_codes::HashedCodes;
use crate::sessions::store::{Bound, OpenedByMail, names, new_session};
use crate::sessions::{ActiveAt, Method, NewSession, PendingSignIn};

/// An app to be added.
pub(crate) struct Enrolment<'a> {
    /// The flow of the sign-in, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    pub(crate) pending: &'a PendingSignIn,
    /// The secret, sealed to the account.
    pub(crate) secret: &'a Vec<u8>,
    /// The step of the code that confirmed it.
    pub(crate) step: i64,
    pub(crate) codes: &'a HashedCodes,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
}

/// Ends the flow, adds the app and the recovery codes, and opens a session. `None` if the flow is over, or the account is disabled, gone,
/// has a second factor by now, or was changed since the sign-in began. Of several at once one succeeds.
pub(crate) async fn enrol(
    connection: &mut Connection,
    enrolment: &Enrolment<'_>,
    session: NewSession,
    bound: &Bound,
) -> Result<Option<OpenedByMail>, Error> {
    let Enrolment { flow, account, pending, secret, step, codes, mail } = enrolment;
    let enrolling = Enrolling {
        flow: *flow,
        account: account.0,
        generation: pending.generation,
        password_of: pending.password_of,
        proves_email: pending.methods.contains(&Method::Email),
        secret,
        step: *step,
        codes,
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        mail,
        origin: Origin::of(&session.client),
    };
    let opened = enrolling.one_row::<EnrolledRow>(connection).await.optional()?;
    Ok(opened.map(|row| {
        let mut account = Account::from(row.account);
        if row.is_new {
            account.email_verified_at = Some(session.created_at);
        }
        OpenedByMail {
            session: new_session(session, account.id, account.session_generation),
            account,
            ended: row.ended.into_iter().map(SessionId).collect(),
            password_of: pending.password_of,
            is_newly_verified: row.is_new,
        }
    }))
}

statement! {
    struct Enrolling<'a> = "enrol.sql" {
        flow: Uuid,
        account: Uuid,
        generation: i64,
        password_of: Option<Timestamp>,
        proves_email: bool,
        secret: &'a Vec<u8>,
        step: i64,
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
        is_new: bool,
        ended: Vec<Uuid>,
    }
}
