//! Queries on revocations.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Position, Revocation};
use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::sessions::SessionId;

/// Rows read, or cleared away, at a time.
pub(crate) const BATCH: usize = 1000;

#[derive(QueryableByName)]
struct Snapshot {
    #[diesel(sql_type = Text)]
    snapshot: String,
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
}

/// Where a reader is who has seen everything until now, and the service keys whose backends may read.
pub(crate) async fn now(connection: &mut Connection) -> Result<(Position, Vec<Uuid>), Error> {
    let now = diesel::sql_query(
        "SELECT pg_current_snapshot()::text AS snapshot, \
         ARRAY(SELECT id FROM service_keys WHERE revoked_at IS NULL) AS readers",
    )
    .get_result::<Snapshot>(connection)
    .await?;
    let position = now.snapshot.parse().map_err(Error::internal)?;
    Ok((position, now.readers))
}

/// What became visible between two positions, after the row `after` in the order of the table; at most a batch. With each
/// its row. What happened so long ago that no access token of it can be alive is left out.
pub(crate) async fn between(
    connection: &mut Connection,
    from: &Position,
    to: &Position,
    after: i64,
) -> Result<Vec<(i64, Revocation)>, Error> {
    let rows = diesel::sql_query(
        "SELECT id, session_id, account_id, revoked_at FROM revocations \
         WHERE transaction_id >= pg_snapshot_xmin($1::pg_snapshot)::text::bigint \
         AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot) \
         AND pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot) \
         AND id > $3 AND revoked_at > clock_timestamp() - interval '25 hours' ORDER BY id LIMIT $4",
    )
    .bind::<Text, _>(from.as_str())
    .bind::<Text, _>(to.as_str())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(BATCH as i64)
    .load::<RevocationRow>(connection)
    .await?;
    let revocation = |row: RevocationRow| match (row.session_id, row.account_id) {
        (Some(id), _) => Ok((row.id, Revocation::Session { id: SessionId(id), at: row.revoked_at })),
        (None, Some(id)) => Ok((row.id, Revocation::Account { id: AccountId(id), at: row.revoked_at })),
        (None, None) => Err(Error::internal("a revocation of nothing")),
    };
    rows.into_iter().map(revocation).collect()
}

/// Removes a batch of what is left out by [`between`]. Returns how many.
pub(crate) async fn clean_up(connection: &mut Connection) -> Result<usize, Error> {
    let removed = diesel::sql_query(
        "DELETE FROM revocations WHERE id IN (SELECT id FROM revocations \
         WHERE revoked_at <= clock_timestamp() - interval '25 hours' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<BigInt, _>(BATCH as i64)
    .execute(connection)
    .await?;
    Ok(removed)
}
