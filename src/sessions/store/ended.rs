//! Sessions that ended with all of their account: which they were, and what is written down of each.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{SessionColumns, SessionRow};
use crate::audit::Kind;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::ids::SessionId;
use crate::sessions::{Ending, Session};

/// How many sessions were active until this ending.
pub(crate) async fn count_ended(
    connection: &mut Connection,
    ending: &Ending,
    unused_since: Timestamp,
) -> Result<i64, Error> {
    Ok(Counting { ending, unused_since }.get_result::<i64>(connection).await?)
}

/// The sessions that were active until this ending, newest first: at most `first`, after the one that is known.
pub(crate) async fn list_ended(
    connection: &mut Connection,
    ending: &Ending,
    (after, first): (Option<SessionId>, u16),
    unused_since: Timestamp,
) -> Result<Vec<Session>, Error> {
    let (after, first) = (after.map(|id| id.0), i64::from(first));
    let listing = Listing { ending, unused_since, after, first };
    Ok(listing.load::<SessionRow>(connection).await?.into_iter().map(Into::into).collect())
}

struct Counting<'a> {
    ending: &'a Ending,
    unused_since: Timestamp,
}

struct Listing<'a> {
    ending: &'a Ending,
    unused_since: Timestamp,
    after: Option<Uuid>,
    first: i64,
}

const COUNTING: &str = "
WITH given AS (SELECT $1::uuid AS account, $2::bigint AS generation, $3::timestamptz AS at, $4::timestamptz AS unused_since)
SELECT count(*) FROM given JOIN sessions s ON s.account_id = given.account AND s.generation = given.generation - 1
WHERE (s.revoked_at IS NULL OR s.ended_in = given.generation) AND s.expires_at > at AND s.last_used_at > unused_since";

const LISTING: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::bigint AS generation, $3::timestamptz AS at, $4::timestamptz AS unused_since,
        coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AS after, $6::bigint AS first
)
SELECT s.id, s.account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address,
    s.generation
FROM sessions s
WHERE s.account_id = (SELECT account FROM given) AND s.generation = (SELECT generation - 1 FROM given)
    AND s.id < (SELECT after FROM given) AND (s.revoked_at IS NULL OR s.ended_in = (SELECT generation FROM given))
    AND s.expires_at > (SELECT at FROM given) AND s.last_used_at > (SELECT unused_since FROM given)
ORDER BY s.id DESC LIMIT (SELECT first FROM given)";

fn bind_ending<'b>(
    ending: &'b Ending,
    unused_since: &'b Timestamp,
    statement: &mut Statement<'_, 'b, '_>,
) -> QueryResult<()> {
    statement.bind::<sql_types::Uuid, _>(&ending.account.0)?;
    statement.bind::<BigInt, _>(&ending.generation)?;
    statement.bind::<Timestamptz, _>(&ending.at)?;
    statement.bind::<Timestamptz, _>(unused_since)
}

impl QueryFragment<Pg> for Counting<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(COUNTING, &mut out);
        bind_ending(self.ending, &self.unused_since, &mut statement)?;
        statement.end();
        Ok(())
    }
}

impl QueryFragment<Pg> for Listing<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(LISTING, &mut out);
        bind_ending(self.ending, &self.unused_since, &mut statement)?;
        statement.bind::<Nullable<sql_types::Uuid>, _>(&self.after)?;
        statement.bind::<BigInt, _>(&self.first)?;
        statement.end();
        Ok(())
    }
}

impl Query for Counting<'_> {
    type SqlType = BigInt;
}

impl Query for Listing<'_> {
    type SqlType = SessionColumns;
}

impl QueryId for Counting<'_> {
    type QueryId = Counting<'static>;
}

impl QueryId for Listing<'_> {
    type QueryId = Listing<'static>;
}

/// Sessions written down by one statement.
const BATCH: i64 = 500;

/// Where somebody is who goes through the endings: an account and a generation.
pub(crate) type EndedCursor = (Uuid, i64);

/// A step on the way through the endings.
pub(crate) struct Step {
    /// The ending that was looked at.
    pub(crate) place: EndedCursor,
    /// How many of its sessions were written down.
    pub(crate) recorded: i64,
}

/// Takes the next ending after `place` that nobody else is at, and writes down the end of some of its sessions: in their rows, and
/// as events of those that were in use at the time, unless the account was deleted. An ending of which nothing is left is taken away.
/// `None` at the end of the table.
pub(crate) async fn record_endings(
    connection: &mut Connection,
    place: EndedCursor,
    idle_seconds: f64,
) -> Result<Option<Step>, Error> {
    let recording = Recording { place, idle_seconds, batch: BATCH, kind: Kind::SessionRevoked.as_str() };
    let step = recording.get_result::<(Uuid, i64, i64)>(connection).await.optional()?;
    Ok(step.map(|(account, generation, recorded)| Step { place: (account, generation), recorded }))
}

struct Recording {
    place: EndedCursor,
    idle_seconds: f64,
    batch: i64,
    kind: &'static str,
}

const RECORDING: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::bigint AS generation, make_interval(secs => $3::float8) AS idle, $4::bigint AS batch,
        $5::text AS kind
),
ending AS (
    SELECT e.* FROM session_endings e WHERE (e.account_id, e.generation) > (SELECT account, generation FROM given)
    ORDER BY e.account_id, e.generation LIMIT 1 FOR UPDATE SKIP LOCKED
),
left_over AS (
    SELECT s.id FROM ending JOIN sessions s ON s.account_id = ending.account_id AND s.generation = ending.generation - 1
    WHERE s.revoked_at IS NULL ORDER BY s.id LIMIT (SELECT batch FROM given) FOR NO KEY UPDATE OF s SKIP LOCKED
),
ended AS (
    UPDATE sessions SET revoked_at = ending.ended_at, ended_in = ending.generation FROM left_over, ending
    WHERE sessions.id = left_over.id AND sessions.revoked_at IS NULL
    RETURNING sessions.id, sessions.account_id, sessions.expires_at, sessions.last_used_at
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(ending.ended_at), ending.ended_at, kind, ending.user_agent, ending.ip_address, ending.request_id,
        ended.account_id, ended.id
    FROM ending, given, ended JOIN accounts ON accounts.id = ended.account_id AND accounts.deleted_at IS NULL
    WHERE ended.expires_at > ending.ended_at AND ended.last_used_at > ending.ended_at - idle
),
done AS (
    DELETE FROM session_endings e USING ending
    WHERE e.account_id = ending.account_id AND e.generation = ending.generation AND NOT EXISTS (
        SELECT FROM sessions s WHERE s.account_id = ending.account_id AND s.generation = ending.generation - 1
            AND s.revoked_at IS NULL
    )
)
SELECT account_id, generation, (SELECT count(*) FROM ended) FROM ending";

impl QueryFragment<Pg> for Recording {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(RECORDING, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.place.0)?;
        statement.bind::<BigInt, _>(&self.place.1)?;
        statement.bind::<sql_types::Double, _>(&self.idle_seconds)?;
        statement.bind::<BigInt, _>(&self.batch)?;
        statement.bind::<Text, _>(self.kind)?;
        statement.end();
        Ok(())
    }
}

impl Query for Recording {
    type SqlType = (sql_types::Uuid, BigInt, BigInt);
}

impl QueryId for Recording {
    type QueryId = Self;
}
