//! Continuing a session by its refresh token.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::SessionRow;
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::SessionId;
use crate::limits::store::TakenRow;
use crate::limits::{self, Attempt, Decision};
use crate::sessions::{ActiveAt, Client, Refreshed, Refusal, Session, is_living};

/// Continues the session of the token with this counter, in one statement. Only if that is refused, a second one finds out why, and
/// ends the session of a token that is used again. [`Refreshed`] has the possible outcomes. The attempt is charged, and the session does
/// not continue if that is refused.
pub(crate) async fn refresh(
    connection: &mut Connection,
    id: SessionId,
    counter: i64,
    client: &Client,
    attempt: &Attempt,
    at: ActiveAt,
) -> Result<Refreshed, Error> {
    let row = Refreshing { id: id.0, counter, at, attempt }.one_row::<ContinuedRow>(connection).await?;
    if let (Some(session), Some(account)) = (row.session, row.account) {
        return Ok(Refreshed::Continued { account: account.into(), session: session.into() });
    }
    let refusing = Refusing { id: id.0, counter, at, origin: Origin::of(client) };
    let refused = refusing.one_row::<RefusedRow>(connection).await.optional()?;
    // The token is genuine, so the session existed and was removed.
    let Some(refused) = refused else { return Ok(Refreshed::Refused(Refusal::Ended)) };
    let (session, account) = (Session::from(refused.session), Account::from(refused.account));
    if refused.reused {
        return Ok(Refreshed::Reused(session));
    }
    if let Decision::Refused(limits::Refusal { retry_after, .. }) = attempt.read(row.taken) {
        return Ok(Refreshed::Limited { retry_after, account: account.id, session: session.id });
    }
    let lives = session.revoked_at.is_none() && account.is_enabled() && is_living(session.generation, &account);
    let is_expired = lives && !session.lifetime().includes(at);
    Ok(Refreshed::Refused(if is_expired { Refusal::Expired } else { Refusal::Ended }))
}

statement! {
    struct Refreshing<'a> = "refresh.sql" {
        id: Uuid,
        counter: i64,
        at: ActiveAt,
        attempt: &'a Attempt,
    } -> ContinuedRow
}

row! {
    struct ContinuedRow {
        taken: TakenRow,
        session: Option<SessionRow>,
        account: Option<AccountRow>,
    }
}

statement! {
    struct Refusing<'a> = "refuse.sql" {
        id: Uuid,
        counter: i64,
        at: ActiveAt,
        origin: Origin<'a>,
    } -> RefusedRow
}

row! {
    struct RefusedRow {
        session: SessionRow,
        account: AccountRow,
        /// Whether it was ended by this.
        reused: bool,
    }
}
