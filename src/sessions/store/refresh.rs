//! Continuing a session by its refresh token.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Bool, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{COLUMNS, SessionColumns, SessionRow};
use crate::accounts::store::{AccountColumns, AccountRow};
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::ids::SessionId;
use crate::limits::store::{TakenColumns, TakenRow};
use crate::limits::{self, Attempt, Decision};
use crate::sessions::{Client, Refreshed, Refusal, Session, is_living};

/// Carries out what the token with this counter is worth, in one statement: [`Refreshed`] says what that may be. A session that
/// nobody used since `unused_since` has expired. Takes what the attempt takes, and does not continue the session if that is
/// refused; a token used again ends it in any case.
pub(crate) async fn refresh(
    connection: &mut Connection,
    id: SessionId,
    counter: i64,
    client: &Client,
    attempt: &Attempt,
    (unused_since, now): (Timestamp, Timestamp),
) -> Result<Refreshed, Error> {
    let refreshing = Refreshing {
        id: id.0,
        counter,
        unused_since,
        now,
        attempt,
        occurrence: Occurrence::new(Kind::RefreshTokenReused, client, now),
    };
    let row = refreshing.get_result::<(SessionRow, AccountRow, bool, TakenRow)>(connection).await.optional()?;
    // Genuine, so the session existed: it has been cleared away.
    let Some((session, account, changed, taken)) = row else { return Ok(Refreshed::Refused(Refusal::Ended)) };
    let (session, account) = (Session::from(session), crate::accounts::Account::from(account));
    if let (Decision::Refused(limits::Refusal { retry_after, .. }), false) = (attempt.read(taken), changed) {
        return Ok(Refreshed::Limited { retry_after, account: account.id, session: session.id });
    }
    Ok(match (changed, session.revoked_at) {
        (true, None) => Refreshed::Continued { account, session },
        (true, Some(_)) => Refreshed::Reused(session),
        (false, None)
            if account.is_enabled()
                && is_living(session.generation, &account)
                && (session.expires_at <= now || session.last_used_at <= unused_since) =>
        {
            Refreshed::Refused(Refusal::Expired)
        }
        (false, _) => Refreshed::Refused(Refusal::Ended),
    })
}

struct Refreshing<'a> {
    id: Uuid,
    counter: i64,
    unused_since: Timestamp,
    now: Timestamp,
    attempt: &'a Attempt,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for Refreshing<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH given AS (SELECT ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.id)?;
        out.push_sql(" AS id, ");
        out.push_bind_param::<BigInt, _>(&self.counter)?;
        out.push_sql(" AS counter, ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" AS now, ");
        out.push_bind_param::<Timestamptz, _>(&self.unused_since)?;
        out.push_sql(" AS unused_since), taken AS MATERIALIZED (SELECT * FROM ");
        self.attempt.walk(&mut out)?;
        out.push_sql(
            "), found AS (SELECT s.*, a.id AS owner, a.email, a.username, a.roles, \
             a.created_at AS registered_at, a.disabled_at, a.session_generation \
             FROM given JOIN sessions s USING (id) JOIN accounts a ON a.id = s.account_id), \
             changed AS (UPDATE sessions s SET refresh_counter = greatest(s.refresh_counter, given.counter + 1), \
             last_used_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN s.last_used_at \
             ELSE greatest(s.last_used_at, given.now) END, \
             revoked_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN given.now END \
             FROM given, found, taken WHERE (taken.wait IS NULL OR given.counter < s.refresh_counter - 1) AND s.id = given.id AND found.id = given.id AND found.disabled_at IS NULL \
             AND s.revoked_at IS NULL AND s.generation >= found.session_generation AND s.expires_at > given.now AND s.last_used_at > given.unused_since \
             RETURNING s.*), \
             recorded AS (",
        );
        self.occurrence.walk("account_id, id FROM changed WHERE revoked_at IS NOT NULL", &mut out)?;
        out.push_sql("), latest AS (SELECT ");
        out.push_sql(COLUMNS);
        out.push_sql(", true AS changed FROM changed UNION ALL SELECT ");
        out.push_sql(COLUMNS);
        out.push_sql(", false FROM found WHERE NOT EXISTS (SELECT FROM changed)) SELECT ");
        for column in COLUMNS.split(", ") {
            out.push_sql("latest.");
            out.push_sql(column);
            out.push_sql(", ");
        }
        out.push_sql(
            "owner, email, username, roles, registered_at, disabled_at, session_generation, changed, wait, refused, taken, contended, taken_in \
             FROM taken, latest JOIN found USING (id)",
        );
        Ok(())
    }
}

impl Query for Refreshing<'_> {
    type SqlType = (SessionColumns, AccountColumns, Bool, TakenColumns);
}

impl QueryId for Refreshing<'_> {
    type QueryId = Refreshing<'static>;
}
