//! Ending sessions one by one.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};

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

/// Which session of an account is asked to end others.
pub(crate) struct Asking<'a> {
    pub(crate) account: AccountId,
    /// The session that asks. Nothing is done for one that has ended.
    pub(crate) by: SessionId,
    /// On which device.
    pub(crate) client: &'a Client,
}

/// Ends a session of the account, if it is active and the one that asks is. Returns whether it was; `None` if the one that asks is
/// not.
pub(crate) async fn revoke_own(
    connection: &mut Connection,
    asking: &Asking<'_>,
    target: SessionId,
    now: Timestamp,
) -> Result<Option<bool>, Error> {
    let occurrence = Occurrence::new(Kind::SessionRevoked, asking.client, now);
    let own = Own { account: asking.account.0, by: asking.by.0, target: target.0, now, occurrence };
    let rows = own.load::<(Uuid, bool)>(connection).await?;
    let is_asking = rows.iter().any(|(id, _)| *id == asking.by.0);
    Ok(is_asking.then(|| rows.iter().any(|(_, ended)| *ended)))
}

// Whoever locks an account's row and rows of sessions locks the account first, as its removal does, and the sessions in one order, so that
// devices that end each other take turns. Generations are compared when both are locked: before, one of them may be of the past.

struct These<'a> {
    ids: Vec<Uuid>,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

struct Own<'a> {
    account: Uuid,
    by: Uuid,
    target: Uuid,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

/// What an event of a session that ended is about.
const OF_ENDED: &str = "account_id, id FROM ended";

const THESE: &str = "
WITH given AS (SELECT $1::uuid[] AS ids, $2::timestamptz AS now),
active AS (
    SELECT s.id, given.now FROM given JOIN sessions s ON s.id = ANY (given.ids) JOIN accounts a ON a.id = s.account_id
    WHERE s.revoked_at IS NULL AND s.generation >= a.session_generation AND s.expires_at > given.now
    ORDER BY s.id FOR NO KEY UPDATE OF s
),
ended AS (
    UPDATE sessions SET revoked_at = active.now FROM active WHERE sessions.id = active.id
    RETURNING sessions.account_id, sessions.id
),
recorded AS (";

const OWN: &str = "
WITH asked AS (SELECT $1::uuid AS account, $2::uuid AS by, $3::uuid AS target, $4::timestamptz AS now),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM asked) AND disabled_at IS NULL FOR NO KEY UPDATE
),
locked AS (
    SELECT s.id, s.generation, account.session_generation, asked.by, asked.target, asked.now
    FROM account, asked, sessions s
    WHERE s.id IN (asked.by, asked.target) AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > asked.now
    ORDER BY s.id FOR NO KEY UPDATE OF s
),
active AS (
    SELECT * FROM locked WHERE generation >= session_generation
),
ended AS (
    UPDATE sessions SET revoked_at = active.now FROM active
    WHERE sessions.id = active.id AND active.id = active.target AND EXISTS (SELECT FROM active WHERE id = by)
    RETURNING sessions.account_id, sessions.id
),
recorded AS (";

impl QueryFragment<Pg> for These<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(THESE, &mut out);
        statement.bind::<Array<sql_types::Uuid>, _>(&self.ids)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.end();
        self.occurrence.walk(OF_ENDED, &mut out)?;
        out.push_sql(") SELECT id FROM ended");
        Ok(())
    }
}

impl QueryFragment<Pg> for Own<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(OWN, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<sql_types::Uuid, _>(&self.by)?;
        statement.bind::<sql_types::Uuid, _>(&self.target)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.end();
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
