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
use crate::db::schema::{accounts, sessions};
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::SessionId;

/// Ends those of the sessions that are active, and of the account, if one is named. Returns how many.
pub(crate) async fn revoke(
    connection: &mut Connection,
    ids: &[SessionId],
    owner: Option<AccountId>,
    now: Timestamp,
) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    Ok(These { ids, owner: owner.map(|id| id.0), now }.load::<Uuid>(connection).await?.len())
}

/// Ends all sessions of the account that are active, but this one. Returns which.
pub(crate) async fn revoke_all_but(
    connection: &mut Connection,
    account: AccountId,
    kept: SessionId,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let ended = Others { account: account.0, kept: kept.0, now }.load::<Uuid>(connection).await?;
    Ok(ended.into_iter().map(SessionId).collect())
}

struct These {
    ids: Vec<Uuid>,
    owner: Option<Uuid>,
    now: Timestamp,
}

struct Others {
    account: Uuid,
    kept: Uuid,
    now: Timestamp,
}

impl QueryFragment<Pg> for These {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH chosen AS (SELECT id FROM sessions WHERE id = ANY(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(") AND account_id = coalesce(");
        out.push_bind_param::<Nullable<sql_types::Uuid>, _>(&self.owner)?;
        out.push_sql(", account_id)");
        end_chosen(out, &self.now)
    }
}

impl QueryFragment<Pg> for Others {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH chosen AS (SELECT id FROM sessions WHERE account_id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.account)?;
        out.push_sql(" AND id <> ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.kept)?;
        end_chosen(out, &self.now)
    }
}

/// Ends those chosen that are active. Locked in one order by everybody, so that two devices that end each other's sessions take
/// turns.
fn end_chosen<'b>(mut out: AstPass<'_, 'b, Pg>, now: &'b Timestamp) -> QueryResult<()> {
    out.push_sql(" AND revoked_at IS NULL AND expires_at > ");
    out.push_bind_param::<Timestamptz, _>(now)?;
    out.push_sql(" ORDER BY id FOR NO KEY UPDATE) UPDATE sessions SET revoked_at = ");
    out.push_bind_param::<Timestamptz, _>(now)?;
    out.push_sql(" FROM chosen WHERE sessions.id = chosen.id RETURNING sessions.id");
    Ok(())
}

impl Query for These {
    type SqlType = sql_types::Uuid;
}

impl Query for Others {
    type SqlType = sql_types::Uuid;
}

impl QueryId for These {
    type QueryId = Self;
}

impl QueryId for Others {
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
            let asking = sessions::table
                .filter(sessions::id.eq(change.kept.0).and(sessions::account_id.eq(change.account.0)))
                .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
                .select(sessions::id)
                .for_no_key_update()
                .first::<Uuid>(connection)
                .await
                .optional()?;
            if asking.is_none() {
                return Ok(Changed::SessionEnded);
            }
            diesel::update(accounts::table.filter(accounts::id.eq(change.account.0)))
                .set(accounts::password_hash.eq(change.new.as_str()))
                .execute(connection)
                .await?;
            let ended = revoke_all_but(connection, change.account, change.kept, now).await?;
            Ok(Changed::Done { ended })
        })
        .await
}
