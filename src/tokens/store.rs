//! Queries on keys.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::keys;
use crate::error::Error;

/// Held while keys are made, so that instances that start at once make one set: "keyslock" in ASCII.
const LOCK: i64 = 0x6b65_7973_6c6f_636b;

/// A key as the table has it.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = keys, check_for_backend(diesel::pg::Pg))]
pub(super) struct KeyRow {
    pub(super) id: Uuid,
    pub(super) purpose: String,
    pub(super) algorithm: String,
    pub(super) sealed: Vec<u8>,
    pub(super) created_at: Timestamp,
}

/// All keys, oldest first. Where there are none, those that `first` makes are stored; of several instances that start at once
/// one makes them, and the others see its.
pub(super) async fn load_or_insert(
    connection: &mut Connection,
    first: impl FnOnce() -> Result<Vec<KeyRow>, Error> + Send,
) -> Result<Vec<KeyRow>, Error> {
    connection
        .transaction(async |connection| {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(LOCK)
                .execute(connection)
                .await?;
            let found =
                keys::table.order((keys::created_at, keys::id)).select(KeyRow::as_select()).load(connection).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            let made = first()?;
            diesel::insert_into(keys::table).values(&made).execute(connection).await?;
            Ok(made)
        })
        .await
}
