//! Ending sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, Nullable, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::accounts;
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::SessionId;

/// Ends those of the sessions that are active. Returns how many.
pub(crate) async fn revoke(connection: &mut Connection, ids: &[SessionId], now: Timestamp) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    Ok(These { ids, now }.load::<Uuid>(connection).await?.len())
}

/// Which sessions of an account are to end, and which of them asks.
pub(crate) struct Asked {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that has ended.
    pub(crate) by: SessionId,
    /// The one to end; without one all others.
    pub(crate) target: Option<SessionId>,
}

/// Ends active sessions of an account, if the one that asks is active. Returns which; `None` if it is not.
pub(crate) async fn revoke_own(
    connection: &mut Connection,
    asked: &Asked,
    now: Timestamp,
) -> Result<Option<Vec<SessionId>>, Error> {
    let own = Own { account: asked.account.0, by: asked.by.0, target: asked.target.map(|id| id.0), now };
    let rows = own.load::<(Uuid, bool)>(connection).await?;
    let asking = rows.iter().any(|(id, _)| *id == asked.by.0);
    let ended = rows.into_iter().filter(|(_, ended)| *ended).map(|(id, _)| SessionId(id)).collect();
    Ok(asking.then_some(ended))
}

// Whoever ends several sessions locks them in one order, so that devices that end each other take turns.

struct These {
    ids: Vec<Uuid>,
    now: Timestamp,
}

struct Own {
    account: Uuid,
    by: Uuid,
    target: Option<Uuid>,
    now: Timestamp,
}

impl QueryFragment<Pg> for These {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH active AS (SELECT id FROM sessions WHERE id = ANY(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(") AND revoked_at IS NULL AND expires_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" ORDER BY id FOR NO KEY UPDATE) UPDATE sessions SET revoked_at = ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" FROM active WHERE sessions.id = active.id RETURNING sessions.id");
        Ok(())
    }
}

impl QueryFragment<Pg> for Own {
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
             AND EXISTS (SELECT FROM active WHERE id = asked.by) RETURNING sessions.id) \
             SELECT active.id, ended.id IS NOT NULL FROM active LEFT JOIN ended USING (id)",
        );
        Ok(())
    }
}

impl Query for These {
    type SqlType = sql_types::Uuid;
}

impl Query for Own {
    type SqlType = (sql_types::Uuid, sql_types::Bool);
}

impl QueryId for These {
    type QueryId = Self;
}

impl QueryId for Own {
    type QueryId = Self;
}

/// A password to be changed.
pub(crate) struct Change<'a> {
    pub(crate) account: AccountId,
    /// The hash that the current password was compared with.
    pub(crate) old: &'a PasswordHash,
    pub(crate) new: &'a PasswordHash,
    /// The session that asks.
    pub(crate) kept: SessionId,
}

/// What became of the change.
pub(crate) enum Changed {
    /// It was made, and these sessions ended.
    Done { ended: Vec<SessionId> },
    /// Nothing: the hash was another by then, or the account is disabled or gone.
    OtherHash,
    /// Nothing: the session that asked had ended.
    SessionEnded,
}

/// Replaces the account's hash and ends all its sessions but the one that asks.
pub(crate) async fn change_password(
    connection: &mut Connection,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<Changed, Error> {
    connection
        .transaction(async |connection| {
            // A login that has verified the old password holds this row until its session is there. Only a statement that
            // begins after it sees that session.
            let unchanged = accounts::table
                .filter(accounts::id.eq(change.account.0).and(accounts::password_hash.eq(change.old.as_str())))
                .filter(accounts::disabled_at.is_null())
                .select(accounts::id)
                .for_no_key_update()
                .first::<Uuid>(connection)
                .await
                .optional()?;
            if unchanged.is_none() {
                return Ok(Changed::OtherHash);
            }
            let asked = Asked { account: change.account, by: change.kept, target: None };
            let Some(ended) = revoke_own(connection, &asked, now).await? else { return Ok(Changed::SessionEnded) };
            diesel::update(accounts::table.filter(accounts::id.eq(change.account.0)))
                .set(accounts::password_hash.eq(change.new.as_str()))
                .execute(connection)
                .await?;
            Ok(Changed::Done { ended })
        })
        .await
}
