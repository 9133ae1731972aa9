//! Queries on revocations.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Position, Revocation};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::{Error, OrInternal};
use crate::ids::{AccountId, SessionId};

/// How many rows are read or removed at a time.
const BATCH: usize = 1000;

#[derive(QueryableByName)]
struct NowRow {
    #[diesel(sql_type = Text)]
    position: String,
    #[diesel(sql_type = Timestamptz)]
    at: Timestamp,
    #[diesel(sql_type = Array<SqlUuid>)]
    readers: Vec<Uuid>,
}

#[derive(QueryableByName)]
struct RevocationRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    session_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    account_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    revoked_at: Timestamp,
    #[diesel(sql_type = Nullable<BigInt>)]
    generation: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    kept_session_id: Option<Uuid>,
}

/// The revocations that a position of this history has not seen. The first condition on transactions is for the
/// index.
const SINCE: &str = "SELECT id, session_id, account_id, revoked_at, generation, kept_session_id FROM revocations \
    WHERE history = $4 AND transaction_id >= pg_snapshot_xmin($6::pg_snapshot)::text::bigint \
    AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, $6::pg_snapshot) \
    AND pg_visible_in_snapshot(transaction_id::text::xid8, $5::pg_snapshot) \
    AND id > $1 AND revoked_at > clock_timestamp() - make_interval(secs => $2) ORDER BY id LIMIT $3";

/// All revocations. The transactions of another history are over.
const ALL: &str = "SELECT id, session_id, account_id, revoked_at, generation, kept_session_id FROM revocations \
    WHERE (history <> $4 OR pg_visible_in_snapshot(transaction_id::text::xid8, $5::pg_snapshot)) \
    AND id > $1 AND revoked_at > clock_timestamp() - make_interval(secs => $2) AND $6 <> '' ORDER BY id LIMIT $3";

/// The state of the revocations at one moment.
pub(crate) struct Now {
    /// The position of a reader who has seen everything.
    pub(crate) position: Position,
    /// The time by the database's clock.
    pub(crate) at: Timestamp,
    /// The service keys whose backends may read.
    pub(crate) readers: Vec<Uuid>,
}

/// The state of the revocations at one moment. It is on disk when this returns: a crash of the database forgets the
/// numbers of transactions that left nothing there, and gives them away again, and what is then done under them must
/// not pass for seen.
pub(crate) async fn now(connection: &mut Connection) -> Result<Now, Error> {
    let now = diesel::sql_query(
        "SELECT portcullis_history() || '-' || pg_current_snapshot() AS position, clock_timestamp() AS at, \
         set_config('synchronous_commit', 'local', true), pg_logical_emit_message(true, 'portcullis', ''), \
         ARRAY(SELECT id FROM service_keys WHERE revoked_at IS NULL) AS readers",
    )
    .get_result::<NowRow>(connection)
    .await?;
    Ok(Now { position: now.position.parse().or_internal()?, at: now.at, readers: now.readers })
}

/// A batch of what became visible between two positions.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) revocations: Vec<Revocation>,
    /// The row after which the next batch begins. `None` if this was the last one.
    pub(crate) next: Option<i64>,
}

/// The revocations that became visible between two positions, after the row `after` in the order of the table. From a
/// position of another history these are all. Those that are older than `kept` are left out.
pub(crate) async fn between(
    connection: &mut Connection,
    (from, to): (&Position, &Position),
    after: i64,
    kept: Duration,
) -> Result<Batch, Error> {
    let sql = if from.history() == to.history() { SINCE } else { ALL };
    let rows = diesel::sql_query(sql)
        .bind::<BigInt, _>(after)
        .bind::<Double, _>(kept.as_secs_f64())
        .bind::<BigInt, _>(BATCH as i64)
        .bind::<Text, _>(to.history())
        .bind::<Text, _>(to.snapshot())
        .bind::<Text, _>(from.snapshot())
        .load::<RevocationRow>(connection)
        .await?;
    let next = rows.last().filter(|_| rows.len() == BATCH).map(|row| row.id);
    let revocation = |row: RevocationRow| match (row.session_id, row.account_id) {
        (Some(id), _) => Ok(Revocation::Session { id: SessionId(id), at: row.revoked_at }),
        (None, Some(id)) => Ok(Revocation::Account {
            id: AccountId(id),
            at: row.revoked_at,
            generation: row.generation,
            kept: row.kept_session_id.map(SessionId),
        }),
        (None, None) => Err(Error::internal("a revocation of nothing")),
    };
    Ok(Batch { revocations: rows.into_iter().map(revocation).collect::<Result<_, _>>()?, next })
}

/// Removes some of the revocations that are older than `kept`. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, kept: Duration) -> Result<bool, Error> {
    let removed = diesel::sql_query(
        "DELETE FROM revocations WHERE id IN (SELECT id FROM revocations \
         WHERE revoked_at <= clock_timestamp() - make_interval(secs => $1) ORDER BY revoked_at LIMIT $2 \
         FOR UPDATE SKIP LOCKED)",
    )
    .bind::<Double, _>(kept.as_secs_f64())
    .bind::<BigInt, _>(BATCH as i64)
    .execute(connection)
    .await?;
    Ok(removed == BATCH)
}
