//! Opening a session for somebody who has what a mail brought.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::factors::FactorsRow;
use super::open::{Bound, Opened, SecondStepOf, names, new_session};
use super::trust::ShownDevice;
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::flows::store::BeginningWithoutMail;
use crate::ids::{AccountId, SessionId};
use crate::sessions::{ActiveAt, NewSession, SecondFactorPolicy, Session};

/// What somebody has proven by mail.
pub(crate) struct Proven<'a> {
    /// The flow, which is ended.
    pub(crate) flow: Uuid,
    pub(crate) account: AccountId,
    /// The address to which the mail went.
    pub(crate) email: &'a str,
}

/// A session that was opened, and what became of the account.
pub(crate) struct OpenedByMail {
    pub(crate) account: Account,
    pub(crate) session: Session,
    /// The sessions that were ended to make room for it.
    pub(crate) ended: Vec<SessionId>,
    /// When the account's password was set, if it has one.
    pub(crate) password_of: Option<Timestamp>,
    /// Whether the address was not proven before.
    pub(crate) is_newly_verified: bool,
}

/// Ends the flow and opens a session, or begins the flow of the second step if the account has a second factor and does not trust the device,
/// or lacks one that the policy requires of it. `None` if the flow is over, or the account is disabled, gone, or has another address. Of
/// several at once one succeeds.
pub(crate) async fn open_by_mail(
    connection: &mut Connection,
    proven: &Proven<'_>,
    session: NewSession,
    bound: &Bound,
    step: &SecondStepOf<'_>,
) -> Result<Option<Opened<OpenedByMail>>, Error> {
    let opening = OpeningByMail {
        proven: proven.flow,
        account: proven.account.0,
        email: proven.email,
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
        let mut account = Account::from(row.account);
        account.email_verified_at = account.email_verified_at.or(Some(session.created_at));
        Opened::Session(OpenedByMail {
            session: new_session(session, account.id, account.session_generation),
            account,
            ended: row.ended.into_iter().map(SessionId).collect(),
            password_of: row.password_of,
            is_newly_verified: row.is_new,
        })
    }))
}

statement! {
    struct OpeningByMail<'a> = "open_by_mail.sql" {
        proven: Uuid,
        account: Uuid,
        email: &'a str,
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
        account: AccountRow,
        password_of: Option<Timestamp>,
        is_new: bool,
        ended: Vec<Uuid>,
        factors: FactorsRow,
        is_lacking: bool,
    }
}
