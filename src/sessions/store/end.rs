//! Ending sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::accounts::AccountId;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::sessions::SessionId;

/// Ends those of the sessions that are active. Returns how many.
pub(crate) async fn revoke(
    connection: &mut Connection,
    ids: &[SessionId],
    client: &Client,
    now: Timestamp,
) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    let occurrence = Occurrence::new(Kind::LoggedOut, client, now);
    Ok(These { ids, now, occurrence }.load::<Uuid>(connection).await?.len())
}

/// Which sessions of an account are to end, and which of them asks.
pub(crate) struct Asked<'a> {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that has ended.
    pub(crate) by: SessionId,
    /// The one to end; without one all others.
    pub(crate) target: Option<SessionId>,
    /// On which device.
    pub(crate) client: &'a Client,
}

/// Ends active sessions of an account, if the one that asks is active. Returns which; `None` if it is not.
pub(crate) async fn revoke_own(
    connection: &mut Connection,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Option<Vec<SessionId>>, Error> {
    let occurrence = Occurrence::new(Kind::SessionRevoked, asked.client, now);
    let own = Own { account: asked.account.0, by: asked.by.0, target: asked.target.map(|id| id.0), now, occurrence };
    let rows = own.load::<(Uuid, bool)>(connection).await?;
    let asking = rows.iter().any(|(id, _)| *id == asked.by.0);
    let ended = rows.into_iter().filter(|(_, ended)| *ended).map(|(id, _)| SessionId(id)).collect();
    Ok(asking.then_some(ended))
}

// Whoever ends several sessions locks them in one order, so that devices that end each other take turns.

struct These<'a> {
    ids: Vec<Uuid>,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

/// What an event of a session that ended is about.
const OF_ENDED: &str = "account_id, id FROM ended";

struct Own<'a> {
    account: Uuid,
    by: Uuid,
    target: Option<Uuid>,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for These<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH active AS (SELECT id FROM sessions WHERE id = ANY(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(") AND revoked_at IS NULL AND expires_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" ORDER BY id FOR NO KEY UPDATE), ended AS (UPDATE sessions SET revoked_at = ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(
            " FROM active WHERE sessions.id = active.id RETURNING sessions.account_id, sessions.id), recorded AS (",
        );
        self.occurrence.walk(OF_ENDED, &mut out)?;
        out.push_sql(") SELECT id FROM ended");
        Ok(())
    }
}

impl QueryFragment<Pg> for Own<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.by)?;
        out.push_sql(" AS by, ");
        out.push_bind_param::<Nullable<sql_types::Uuid>, _>(&self.target)?;
        out.push_sql(" AS target), active AS (SELECT id FROM sessions WHERE account_id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.account)?;
        out.push_sql(" AND revoked_at IS NULL AND expires_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" ORDER BY id FOR NO KEY UPDATE), ended AS (UPDATE sessions SET revoked_at = ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(
            " FROM active, asked WHERE sessions.id = active.id \
             AND CASE WHEN asked.target IS NULL THEN active.id <> asked.by ELSE active.id = asked.target END \
             AND EXISTS (SELECT FROM active WHERE id = asked.by) RETURNING sessions.account_id, sessions.id), \
             recorded AS (",
        );
        self.occurrence.walk(OF_ENDED, &mut out)?;
        out.push_sql(") SELECT active.id, ended.id IS NOT NULL FROM active LEFT JOIN ended USING (id)");
        Ok(())
    }
}

impl Query for These<'_> {
    type SqlType = sql_types::Uuid;
}

impl Query for Own<'_> {
    type SqlType = (sql_types::Uuid, sql_types::Bool);
}

impl QueryId for These<'_> {
    type QueryId = These<'static>;
}

impl QueryId for Own<'_> {
    type QueryId = Own<'static>;
}
