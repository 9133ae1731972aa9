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

/// Continues or ends the session of the token with this counter, in one statement. [`Refreshed`] has the possible
/// outcomes. The attempt is charged, and the session does not continue if that is refused. A token that is used again
/// ends the session in any case.
pub(crate) async fn refresh(
    connection: &mut Connection,
    id: SessionId,
    counter: i64,
    client: &Client,
    attempt: &Attempt,
    at: ActiveAt,
) -> Result<Refreshed, Error> {
    let refreshing = Refreshing { id: id.0, counter, at, attempt, origin: Origin::of(client) };
    let row = refreshing.one_row::<RefreshedRow>(connection).await.optional()?;
    // The token is genuine, so the session existed and was removed.
    let Some(row) = row else { return Ok(Refreshed::Refused(Refusal::Ended)) };
    let (session, account) = (Session::from(row.session), Account::from(row.account));
    if let (Decision::Refused(limits::Refusal { retry_after, .. }), false) = (attempt.read(row.taken), row.changed) {
        return Ok(Refreshed::Limited { retry_after, account: account.id, session: session.id });
    }
    Ok(match (row.changed, session.revoked_at) {
        (true, None) => Refreshed::Continued { account, session },
        (true, Some(_)) => Refreshed::Reused(session),
        (false, None)
            if account.is_enabled() && is_living(session.generation, &account) && !session.lifetime().includes(at) =>
        {
            Refreshed::Refused(Refusal::Expired)
        }
        (false, _) => Refreshed::Refused(Refusal::Ended),
    })
}

statement! {
    struct Refreshing<'a> = "refresh.sql" {
        id: Uuid,
        counter: i64,
        at: ActiveAt,
        attempt: &'a Attempt,
        origin: Origin<'a>,
    } -> RefreshedRow
}

row! {
    struct RefreshedRow {
        session: SessionRow,
        account: AccountRow,
        /// Whether the session continues, or was ended.
        changed: bool,
        taken: TakenRow,
    }
}
