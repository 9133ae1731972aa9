//! Opening a session for somebody who has shown a second factor.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::open::{Bound, names, new_session};
use super::open_by_mail::OpenedByMail;
use super::trust::Trusting;
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::sessions::{ActiveAt, Method, NewSession, PendingSignIn, RightFactor};

/// A sign-in whose second factor was right.
pub(crate) struct Completion<'a> {
    /// The flow, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    pub(crate) pending: &'a PendingSignIn,
    pub(crate) factor: &'a RightFactor,
    pub(crate) trusting: &'a Trusting,
}

/// The outcome of it.
pub(crate) enum Completed {
    /// The session was opened.
    Opened(Box<OpenedByMail>),
    /// No session was opened, because the factor was used before, or is not the account's any more, or is a passkey that is on one device
    /// only and whose sign count fell. Then this was recorded, and the owner is told by mail.
    FactorRefused,
    /// Nothing was done, because the flow is over, or the account is disabled, gone, or was changed since the sign-in began.
    Over,
}

/// Uses the factor up, ends the flow and opens a session: all of it or nothing. Of several at once one succeeds.
pub(crate) async fn complete_sign_in(
    connection: &mut Connection,
    completion: &Completion<'_>,
    session: NewSession,
    bound: &Bound,
) -> Result<Completed, Error> {
    let Completion { flow, account, pending, factor, trusting } = completion;
    let completing = Completing {
        flow: *flow,
        account: account.0,
        generation: pending.generation,
        password_of: pending.password_of,
        proves_email: pending.methods.contains(&Method::Email),
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        factor: Accepting::of(factor),
        origin: Origin::of(&session.client),
        trusting,
    };
    let Some(row) = completing.one_row::<CompletedRow>(connection).await.optional()? else {
        return Ok(Completed::Over);
    };
    if !row.is_open {
        return Ok(Completed::FactorRefused);
    }
    let mut account = Account::from(row.account);
    if row.is_new {
        account.email_verified_at = Some(session.created_at);
    }
    Ok(Completed::Opened(Box::new(OpenedByMail {
        session: new_session(session, account.id, account.session_generation),
        account,
        ended: row.ended.into_iter().map(SessionId).collect(),
        password_of: pending.password_of,
        is_newly_verified: row.is_new,
    })))
}

/// A factor that is accepted. The parameters that belong to other kinds are null.
#[derive(Default)]
struct Accepting<'a> {
    step: Option<i64>,
    secret: Option<Vec<u8>>,
    resealed: Option<Vec<u8>>,
    slot: Option<i32>,
    hash: Option<&'a str>,
    credential_id: Option<Vec<u8>>,
    sign_count: Option<i64>,
    is_backed_up: Option<bool>,
    nonce: Option<Uuid>,
    challenge_expires_at: Option<Timestamp>,
    mail: Posting,
}

parameters! {
    Accepting<'a> {
        step: Option<i64>,
        secret: Option<Vec<u8>>,
        resealed: Option<Vec<u8>>,
        slot: Option<i32>,
        hash: Option<&'a str>,
        credential_id: Option<Vec<u8>>,
        sign_count: Option<i64>,
        is_backed_up: Option<bool>,
        nonce: Option<Uuid>,
        challenge_expires_at: Option<Timestamp>,
        mail: Posting,
    }
}

impl<'a> Accepting<'a> {
    fn of(factor: &'a RightFactor) -> Self {
        match factor {
            RightFactor::Totp { step, secret, resealed } => {
                Self { step: Some(*step), secret: Some(secret.clone()), resealed: resealed.clone(), ..Self::default() }
            }
            RightFactor::RecoveryCode { slot, hash, mail } => {
                Self { slot: Some(*slot), hash: Some(hash.as_str()), mail: mail.clone(), ..Self::default() }
            }
            RightFactor::Passkey { shown, mail } => Self {
                credential_id: Some(shown.credential_id.clone()),
                sign_count: Some(shown.sign_count),
                is_backed_up: Some(shown.is_backed_up),
                nonce: Some(shown.nonce),
                challenge_expires_at: Some(shown.challenge_expires_at),
                mail: mail.clone(),
                ..Self::default()
            },
        }
    }
}

statement! {
    struct Completing<'a> = "complete_sign_in.sql" {
        flow: Uuid,
        account: Uuid,
        generation: i64,
        password_of: Option<Timestamp>,
        proves_email: bool,
        session: Uuid,
        methods: Vec<String>,
        at: ActiveAt,
        expires_at: Timestamp,
        most: i64,
        factor: Accepting<'a>,
        origin: Origin<'a>,
        trusting: &'a Trusting,
    } -> CompletedRow
}

row! {
    struct CompletedRow {
        account: AccountRow,
        is_open: bool,
        is_new: bool,
        ended: Vec<Uuid>,
    }
}
