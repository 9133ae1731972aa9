//! Continuing a session by its refresh token.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, BigInt, Bool, Inet, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use super::{COLUMNS, SessionRow};
use crate::accounts::store::AccountRow;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::sessions;
use crate::error::Error;
use crate::sessions::{Client, Refreshed, Refusal, Session, SessionId};

/// Carries out what the token with this counter is worth, in one statement: [`Refreshed`] says what that may be. A session that
/// nobody used since `unused_since` has expired. An event of a token used again gets the id `event`.
pub(crate) async fn refresh(
    connection: &mut Connection,
    id: SessionId,
    counter: i64,
    client: &Client,
    event: Uuid,
    (unused_since, now): (Timestamp, Timestamp),
) -> Result<Refreshed, Error> {
    let refreshing = Refreshing {
        id: id.0,
        counter,
        unused_since,
        now,
        event,
        user_agent: client.user_agent(),
        ip_address: client.ip_address.map(IpNetwork::from),
    };
    let row = refreshing.get_result::<(SessionRow, AccountRow, bool)>(connection).await.optional()?;
    // Genuine, so the session existed: it has been cleared away.
    let Some((session, account, changed)) = row else { return Ok(Refreshed::Refused(Refusal::Ended)) };
    let (session, account) = (Session::from(session), crate::accounts::Account::from(account));
    Ok(match (changed, session.revoked_at) {
        (true, None) => Refreshed::Continued { account, session },
        (true, Some(_)) => Refreshed::Reused(session),
        (false, None)
            if account.is_enabled() && (session.expires_at <= now || session.last_used_at <= unused_since) =>
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
    event: Uuid,
    user_agent: Option<&'a str>,
    ip_address: Option<IpNetwork>,
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
        out.push_sql(
            " AS unused_since), found AS (SELECT s.*, a.id AS owner, a.email, a.username, a.roles, \
             a.created_at AS registered_at, a.disabled_at \
             FROM given JOIN sessions s USING (id) JOIN accounts a ON a.id = s.account_id), \
             changed AS (UPDATE sessions s SET refresh_counter = greatest(s.refresh_counter, given.counter + 1), \
             last_used_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN s.last_used_at \
             ELSE greatest(s.last_used_at, given.now) END, \
             revoked_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN given.now END \
             FROM given, found WHERE s.id = given.id AND found.id = given.id AND found.disabled_at IS NULL \
             AND s.revoked_at IS NULL AND s.expires_at > given.now AND s.last_used_at > given.unused_since \
             RETURNING s.*), \
             recorded AS (INSERT INTO audit_events \
             (id, kind, account_id, session_id, occurred_at, user_agent, ip_address) SELECT ",
        );
        out.push_bind_param::<sql_types::Uuid, _>(&self.event)?;
        out.push_sql(", 'refresh_token_reused', account_id, id, revoked_at, ");
        out.push_bind_param::<Nullable<Text>, _>(&self.user_agent)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Inet>, _>(&self.ip_address)?;
        out.push_sql(" FROM changed WHERE revoked_at IS NOT NULL), latest AS (SELECT ");
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
            "owner, email, username, roles, registered_at, disabled_at, changed FROM latest JOIN found USING (id)",
        );
        Ok(())
    }
}

type AccountColumns =
    (sql_types::Uuid, Text, Nullable<Text>, Array<Nullable<Text>>, Timestamptz, Nullable<Timestamptz>);

impl Query for Refreshing<'_> {
    type SqlType = (sessions::SqlType, AccountColumns, Bool);
}

impl QueryId for Refreshing<'_> {
    type QueryId = Refreshing<'static>;
}
