//! Changing an account's password, which ends sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{self, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::end::{Asked, revoke_own};
use crate::accounts::AccountId;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::accounts;
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::SessionId;

/// A password to be changed.
pub(crate) struct Change<'a> {
    pub(crate) account: AccountId,
    /// The hash that the current password was compared with.
    pub(crate) old: &'a PasswordHash,
    pub(crate) new: &'a PasswordHash,
    /// The session that asks.
    pub(crate) kept: SessionId,
    /// On which device.
    pub(crate) client: &'a Client,
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
            let asked = Asked { account: change.account, by: change.kept, target: None, client: change.client };
            let Some(ended) = revoke_own(connection, &asked, now).await? else { return Ok(Changed::SessionEnded) };
            let occurrence = Occurrence::new(Kind::PasswordChanged, change.client, now);
            Replacing { change, now, occurrence }.execute(connection).await?;
            Ok(Changed::Done { ended })
        })
        .await
}

struct Replacing<'a> {
    change: &'a Change<'a>,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for Replacing<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH changed AS (UPDATE accounts SET password_hash = ");
        out.push_bind_param::<Text, _>(self.change.new.as_str())?;
        // Later each time, whatever the clocks of the instances say.
        out.push_sql(", password_changed_at = greatest(");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(", coalesce(password_changed_at, created_at) + interval '1 microsecond') WHERE id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.change.account.0)?;
        out.push_sql(" RETURNING id, ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.change.kept.0)?;
        out.push_sql(" AS session_id) ");
        self.occurrence.walk("id, session_id FROM changed", &mut out)
    }
}

impl QueryId for Replacing<'_> {
    type QueryId = Replacing<'static>;
}
