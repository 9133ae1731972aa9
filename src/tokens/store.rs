//! Queries on keys.

use diesel::declare_sql_function;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::AsyncConnection;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::schema::keys;
use crate::db::{Connection, Run};
use crate::error::Error;
use crate::sealing::{Seals, Unsealed};

#[declare_sql_function]
extern "SQL" {
    /// Takes the lock for the transaction. Gives nothing that could be read.
    fn pg_advisory_xact_lock(key: BigInt) -> Text;
}

/// Held while keys are made, sealed anew or deleted: "keyslock" in ASCII.
const LOCK: i64 = 0x6b65_7973_6c6f_636b;

/// `purpose` of a key that signs access tokens.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// `purpose` of the key from which each session's is derived.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";

/// A key as the table has it.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = keys, check_for_backend(diesel::pg::Pg))]
pub(super) struct KeyRow {
    pub(super) id: Uuid,
    pub(super) purpose: String,
    pub(super) algorithm: String,
    pub(super) sealed: Vec<u8>,
    pub(super) created_at: Timestamp,
    pub(super) activates_at: Timestamp,
}

impl KeyRow {
    /// Opens the key.
    pub(super) fn open(&self, seals: &Seals) -> Result<Unsealed, Error> {
        seals.open(self.id, &self.sealed).ok_or_else(|| {
            Error::internal(
                "PORTCULLIS_SECRET does not open the keys in this database: another secret sealed them. \
                 Set the secret with which this deployment was first started, or put it into PORTCULLIS_SECRET_PREVIOUS \
                 to replace it.",
            )
        })
    }
}

/// A change of the table.
#[derive(Default)]
pub(super) struct Change {
    pub(super) add: Vec<KeyRow>,
    pub(super) delete: Vec<Uuid>,
    /// Rows with the new content of their column `sealed`.
    pub(super) reseal: Vec<(Uuid, Vec<u8>)>,
}

/// All keys, in the order in which they activate.
pub(super) async fn load(connection: &mut Connection) -> Result<Vec<KeyRow>, Error> {
    Ok(keys::table.order((keys::activates_at, keys::id)).select(KeyRow::as_select()).all_rows(connection).await?)
}

/// Changes the table as `decide` says. While `decide` looks at the table, no other instance changes it: if many want
/// the same change at once, the first makes it, and the others see it. Returns the new rows of the table.
pub(super) async fn change<T: Send>(
    connection: &mut Connection,
    decide: impl FnOnce(&[KeyRow]) -> Result<(Change, T), Error> + Send,
) -> Result<(Vec<KeyRow>, T), Error> {
    let (rows, change, said) = connection
        .transaction::<_, Error, _>(async |connection| {
            diesel::select(pg_advisory_xact_lock(LOCK)).run(connection).await?;
            let found = load(connection).await?;
            let (change, said) = decide(&found)?;
            if change.add.is_empty() && change.delete.is_empty() && change.reseal.is_empty() {
                return Ok((found, change, said));
            }
            diesel::delete(keys::table.filter(keys::id.eq_any(&change.delete))).run(connection).await?;
            diesel::insert_into(keys::table).values(&change.add).run(connection).await?;
            for (id, sealed) in &change.reseal {
                diesel::update(keys::table.find(id)).set(keys::sealed.eq(sealed)).run(connection).await?;
            }
            Ok((load(connection).await?, change, said))
        })
        .await
        .map_err(|error| error.risen_here())?;
    for row in &change.add {
        tracing::info!(kid = %row.id, purpose = row.purpose, algorithm = row.algorithm, activates_at = %row.activates_at, "made a key");
    }
    for id in &change.delete {
        tracing::info!(kid = %id, "deleted a key");
    }
    Ok((rows, said))
}
