//! Opening sessions.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::factors::FactorsRow;
use super::trust::ShownDevice;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::flows::FlowWithoutMail;
use crate::flows::store::BeginningWithoutMail;
use crate::ids::{AccountId, SessionId};
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Method, NewSession, Proof, SecondFactorPolicy, SecondFactors, Session};

/// Opens a session for an account whose owner has given a proof, if the account is still enabled and still has what
/// the proof was compared with. So a change of the password, or disabling the account, wins if it came in between.
/// Ends the least recently used of the account's other sessions, if there are too many. If the account has a second
/// factor and does not trust the device, or lacks a factor that the policy requires of it, the flow of the second step is begun in
/// the place of the session.
pub(crate) async fn open(
    connection: &mut Connection,
    account: AccountId,
    proof: &Proof,
    session: NewSession,
    bound: &Bound,
    step: &SecondStepOf<'_>,
) -> Result<Option<Opened<OpenedSession>>, Error> {
    let Proof::Password { hash, stronger } = proof;
    let opening = Opening {
        account: account.0,
        hash: hash.as_str(),
        stronger: stronger.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        second_step: step.flow.parameters(),
        origin: Origin::of(&session.client),
        shown: step.shown,
        policy: step.policy,
    };
    let opened = opening.one_row::<OpenedRow>(connection).await.optional()?;
    Ok(opened.map(|row| {
        if row.factors.is_asked {
            return Opened::SecondFactorRequired(row.factors.into());
        }
        if row.is_lacking {
            return Opened::EnrolmentRequired;
        }
        Opened::Session(OpenedSession {
            session: new_session(session, account, row.generation),
            ended: row.ended.into_iter().map(SessionId).collect(),
        })
    }))
}

/// The second step of a sign-in, and what decides whether it is begun.
pub(crate) struct SecondStepOf<'a> {
    pub(crate) flow: &'a FlowWithoutMail,
    /// The device on which somebody signs in.
    pub(crate) shown: ShownDevice,
    /// Which accounts need a second factor.
    pub(crate) policy: SecondFactorPolicy<'a>,
}

/// What came of a right first step.
pub(crate) enum Opened<T> {
    /// A session was opened.
    Session(T),
    /// The account has a second factor, and the flow in which it is shown was begun.
    SecondFactorRequired(SecondFactors),
    /// The account has no second factor and needs one, and the flow in which it is added was begun.
    EnrolmentRequired,
}

/// How many active sessions an account may have.
pub(crate) struct Bound {
    pub(crate) most: i64,
    pub(crate) unused_since: Timestamp,
}

/// A session that was opened, and those that were ended for it.
pub(crate) struct OpenedSession {
    pub(crate) session: Session,
    pub(crate) ended: Vec<SessionId>,
}

statement! {
    struct Opening<'a> = "open.sql" {
        account: Uuid,
        hash: &'a str,
        stronger: Option<&'a str>,
        session: Uuid,
        methods: Vec<String>,
        at: ActiveAt,
        expires_at: Timestamp,
        most: i64,
        second_step: BeginningWithoutMail<'a>,
        origin: Origin<'a>,
        shown: ShownDevice,
        policy: SecondFactorPolicy<'a>,
    } -> OpenedRow
}

row! {
    struct OpenedRow {
        generation: i64,
        ended: Vec<Uuid>,
        factors: FactorsRow,
        is_lacking: bool,
    }
}

/// The names of the methods in the table.
pub(crate) fn names(methods: &[Method]) -> Vec<String> {
    methods.iter().map(|method| method.as_str().to_owned()).collect()
}

/// The session as it is once it was opened.
pub(crate) fn new_session(new: NewSession, account_id: AccountId, generation: i64) -> Session {
    Session {
        id: new.id,
        account_id,
        refresh_counter: 1,
        created_at: new.created_at,
        last_used_at: new.created_at,
        authenticated_at: new.created_at,
        methods: new.methods,
        expires_at: new.expires_at,
        revoked_at: None,
        user_agent: new.client.user_agent().map(str::to_owned),
        ip_address: new.client.ip_address,
        generation,
    }
}
