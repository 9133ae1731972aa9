//! Removing accounts that were deleted, with all that is theirs.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Bool, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::ids::AccountId;

/// What is to be removed: what was deleted `kept` before `now` or earlier, by the clock of the database as well.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) now: Timestamp,
    pub(crate) kept: Duration,
}

/// Where somebody is who goes through the accounts that are to be removed.
pub(crate) type RemovalCursor = (Timestamp, AccountId);

/// The first account after that place that is to be removed, in the order in which they were deleted.
pub(crate) async fn next_due(
    connection: &mut Connection,
    due: Due,
    after: Option<RemovalCursor>,
) -> Result<Option<RemovalCursor>, Error> {
    let (deleted_at, id) = after.map(|(deleted_at, id)| (deleted_at, id.0)).unzip();
    let finding = Finding { now: due.now, kept: due.kept.as_secs_f64(), deleted_at, id };
    let found = finding.get_result::<(Timestamp, Uuid)>(connection).await.optional()?;
    Ok(found.map(|(deleted_at, id)| (deleted_at, AccountId(id))))
}

/// A step of removing an account.
pub(crate) struct Removal {
    /// Whether its row is gone, and with it all that was its.
    pub(crate) is_gone: bool,
    /// How many rows of it were removed or stripped.
    pub(crate) rows: i64,
}

/// Strips some of the account's events of what tells of its owner, and removes some of its sessions. If there is none of either, and
/// `is_cleared`, removes the account. `None` if it is not to be removed, or somebody else is at it.
///
/// `is_cleared` says that a step was made before this one began. Each takes the account's row for itself, so it waits for those that
/// write an event of it; and whoever takes the row later sees that the account is deleted. So the step after sees all events there are.
pub(crate) async fn remove(
    connection: &mut Connection,
    due: Due,
    account: AccountId,
    is_cleared: bool,
) -> Result<Option<Removal>, Error> {
    let removing = Removing { now: due.now, kept: due.kept.as_secs_f64(), account: account.0, is_cleared };
    let row = removing.get_result::<(bool, i64)>(connection).await.optional()?;
    Ok(row.map(|(is_gone, rows)| Removal { is_gone, rows }))
}

struct Finding {
    now: Timestamp,
    kept: f64,
    deleted_at: Option<Timestamp>,
    id: Option<Uuid>,
}

struct Removing {
    now: Timestamp,
    kept: f64,
    account: Uuid,
    is_cleared: bool,
}

const FINDING: &str = "
WITH given AS (
    SELECT least($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::float8) AS deleted_before,
        coalesce($3::timestamptz, '-infinity') AS deleted_at, coalesce($4::uuid, '00000000-0000-0000-0000-000000000000') AS id
)
SELECT a.deleted_at, a.id FROM accounts a
WHERE a.deleted_at <= (SELECT deleted_before FROM given)
    AND (a.deleted_at, a.id) > ((SELECT deleted_at FROM given), (SELECT id FROM given))
ORDER BY a.deleted_at, a.id LIMIT 1";

const REMOVING: &str = "
WITH given AS (
    SELECT least($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::float8) AS deleted_before,
        $3::uuid AS account, $4::boolean AS is_cleared
),
account AS (
    SELECT id FROM accounts WHERE id = (SELECT account FROM given) AND deleted_at <= (SELECT deleted_before FROM given)
    FOR UPDATE SKIP LOCKED
),
allowed AS MATERIALIZED (
    SELECT id, set_config('portcullis.strip_account', id::text, true) FROM account
),
telling AS MATERIALIZED (
    SELECT e.id FROM allowed JOIN audit_events e ON e.account_id = allowed.id
    WHERE e.user_agent IS NOT NULL OR e.ip_address IS NOT NULL OR e.request_id IS NOT NULL LIMIT 500
),
stripped AS (
    UPDATE audit_events SET user_agent = NULL, ip_address = NULL, request_id = NULL
    WHERE id IN (SELECT id FROM telling) RETURNING id
),
left_over AS MATERIALIZED (
    SELECT s.id FROM account JOIN sessions s ON s.account_id = account.id LIMIT 500 FOR UPDATE OF s
),
removed AS (
    DELETE FROM sessions WHERE id IN (SELECT id FROM left_over) RETURNING id
),
gone AS (
    DELETE FROM accounts WHERE id = (SELECT id FROM account) AND (SELECT is_cleared FROM given)
        AND NOT EXISTS (SELECT FROM telling) AND NOT EXISTS (SELECT FROM left_over) RETURNING id
)
SELECT EXISTS (SELECT FROM gone), (SELECT count(*) FROM stripped) + (SELECT count(*) FROM removed) FROM account";

impl QueryFragment<Pg> for Finding {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(FINDING, &mut out);
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<sql_types::Double, _>(&self.kept)?;
        statement.bind::<Nullable<Timestamptz>, _>(&self.deleted_at)?;
        statement.bind::<Nullable<sql_types::Uuid>, _>(&self.id)?;
        statement.end();
        Ok(())
    }
}

impl QueryFragment<Pg> for Removing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(REMOVING, &mut out);
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<sql_types::Double, _>(&self.kept)?;
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<Bool, _>(&self.is_cleared)?;
        statement.end();
        Ok(())
    }
}

impl Query for Finding {
    type SqlType = (Timestamptz, sql_types::Uuid);
}

impl Query for Removing {
    type SqlType = (Bool, BigInt);
}

impl QueryId for Finding {
    type QueryId = Self;
}

impl QueryId for Removing {
    type QueryId = Self;
}
