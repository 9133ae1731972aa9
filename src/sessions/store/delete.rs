//! Deleting accounts: their names are free and their sessions end at once. The rows are removed later.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Bool, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::end::Asking;
use crate::accounts::AccountId;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::passwords::PasswordHash;

/// What became of the deletion.
pub(crate) enum Deleted {
    /// It was made.
    Done,
    /// Nothing: the hash was another by then, or the account is disabled or gone.
    OtherHash,
    /// Nothing: the session that asked had ended.
    SessionEnded,
}

/// Deletes the account of the session that asks, if `hash` is still its password's. It `is_kept` if it may be restored for a while.
pub(crate) async fn delete_own(
    connection: &mut Connection,
    asking: &Asking<'_>,
    hash: &PasswordHash,
    is_kept: bool,
    now: Timestamp,
) -> Result<Deleted, Error> {
    let occurrence = Occurrence::new(Kind::AccountDeleted, asking.client, now);
    let (account, by, kind) = (asking.account.0, asking.by.0, Kind::AccountDeleted.as_str());
    let own = Own { account, by, now, hash: hash.as_str(), is_kept, kind, occurrence };
    Ok(match own.get_result::<(bool, bool)>(connection).await? {
        (false, _) => Deleted::OtherHash,
        (true, false) => Deleted::SessionEnded,
        (true, true) => Deleted::Done,
    })
}

struct Own<'a> {
    account: Uuid,
    by: Uuid,
    now: Timestamp,
    hash: &'a str,
    is_kept: bool,
    kind: &'static str,
    occurrence: Occurrence<'a>,
}

// What stands in the place of the address is none, so nobody can take it before.
const OWN: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::text AS hash, $5::boolean AS is_kept,
        $6::text AS kind, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
asking AS (
    SELECT s.* FROM given JOIN sessions s ON s.id = given.by AND s.account_id = given.account
    WHERE s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND password_hash = (SELECT hash FROM given) AND disabled_at IS NULL
        AND (SELECT count(*) FROM asking) >= 0 FOR NO KEY UPDATE
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
deleted AS (
    UPDATE accounts SET disabled_at = given.now, deleted_at = given.now,
        deleted_email = CASE WHEN is_kept THEN email END, deleted_username = CASE WHEN is_kept THEN username END,
        email = 'deleted ' || accounts.id, username = NULL,
        password_hash = CASE WHEN is_kept THEN password_hash ELSE '' END,
        session_generation = accounts.session_generation + 1
    FROM living, given WHERE accounts.id = living.id RETURNING accounts.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, deleted.id, by FROM deleted, given
)
SELECT EXISTS (SELECT FROM account), EXISTS (SELECT FROM deleted)";

impl QueryFragment<Pg> for Own<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(OWN, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<sql_types::Uuid, _>(&self.by)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<Text, _>(self.hash)?;
        statement.bind::<Bool, _>(&self.is_kept)?;
        statement.bind::<Text, _>(self.kind)?;
        self.occurrence.bind_origin(&mut statement)?;
        statement.end();
        Ok(())
    }
}

impl Query for Own<'_> {
    type SqlType = (Bool, Bool);
}

impl QueryId for Own<'_> {
    type QueryId = Own<'static>;
}

/// A step of removing an account.
pub(crate) struct Removal {
    /// Which.
    pub(crate) account: AccountId,
    /// Whether its row is gone, and with it all that was its.
    pub(crate) is_gone: bool,
    /// How many rows of it were removed or stripped.
    pub(crate) rows: i64,
}

/// Takes an account that was deleted more than `kept` before `now`, by the clock of the database as well, and that nobody else is at.
/// Strips some of its events of what tells of its owner, and removes some of its sessions; if there is none of either, removes the
/// account. `None` if there is no such account.
pub(crate) async fn remove_deleted(
    connection: &mut Connection,
    kept: Duration,
    now: Timestamp,
) -> Result<Option<Removal>, Error> {
    let removing = Removing { now, kept: kept.as_secs_f64() };
    let row = removing.get_result::<(Uuid, bool, i64)>(connection).await.optional()?;
    Ok(row.map(|(account, is_gone, rows)| Removal { account: AccountId(account), is_gone, rows }))
}

struct Removing {
    now: Timestamp,
    kept: f64,
}

const REMOVING: &str = "
WITH given AS (
    SELECT least($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::float8) AS deleted_before
),
account AS (
    SELECT id FROM accounts WHERE deleted_at <= (SELECT deleted_before FROM given)
    ORDER BY deleted_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
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
    DELETE FROM accounts WHERE id = (SELECT id FROM account)
        AND NOT EXISTS (SELECT FROM telling) AND NOT EXISTS (SELECT FROM left_over) RETURNING id
)
SELECT id, EXISTS (SELECT FROM gone), (SELECT count(*) FROM stripped) + (SELECT count(*) FROM removed) FROM account";

impl QueryFragment<Pg> for Removing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(REMOVING, &mut out);
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<sql_types::Double, _>(&self.kept)?;
        statement.end();
        Ok(())
    }
}

impl Query for Removing {
    type SqlType = (sql_types::Uuid, Bool, BigInt);
}

impl QueryId for Removing {
    type QueryId = Self;
}
