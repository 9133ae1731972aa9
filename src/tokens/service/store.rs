//! Queries on service keys.

use diesel::prelude::*;
use uuid::Uuid;

use super::{Hash, ServiceKey};
use crate::clock::Timestamp;
use crate::db::schema::service_keys;
use crate::db::{Connection, Run};
use crate::error::Error;
use crate::ids::ServiceKeyId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_keys, check_for_backend(diesel::pg::Pg))]
struct ServiceKeyRow {
    id: Uuid,
    name: String,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

/// Adds a key.
pub(crate) async fn insert(
    connection: &mut Connection,
    id: ServiceKeyId,
    name: &str,
    hash: &Hash,
    now: Timestamp,
) -> Result<(), Error> {
    let row = (
        service_keys::id.eq(id.0),
        service_keys::name.eq(name),
        service_keys::hash.eq(hash.as_slice()),
        service_keys::created_at.eq(now),
    );
    diesel::insert_into(service_keys::table).values(row).run(connection).await?;
    Ok(())
}

/// All keys, oldest first, including those that were revoked.
pub(crate) async fn list(connection: &mut Connection) -> Result<Vec<ServiceKey>, Error> {
    let rows = service_keys::table
        .order(service_keys::id)
        .select(ServiceKeyRow::as_select())
        .all_rows::<ServiceKeyRow>(connection)
        .await?;
    let key = |row: ServiceKeyRow| ServiceKey {
        id: ServiceKeyId(row.id),
        name: row.name,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    };
    Ok(rows.into_iter().map(key).collect())
}

/// The hash of a key that is not revoked.
pub(crate) async fn find_hash(connection: &mut Connection, id: ServiceKeyId) -> Result<Option<Vec<u8>>, Error> {
    let hash = service_keys::table
        .filter(service_keys::id.eq(id.0).and(service_keys::revoked_at.is_null()))
        .select(service_keys::hash)
        .one_row(connection)
        .await
        .optional()?;
    Ok(hash)
}

/// Revokes a key. Returns whether there was one that was not revoked.
pub(crate) async fn revoke(connection: &mut Connection, id: ServiceKeyId, now: Timestamp) -> Result<bool, Error> {
    let live = service_keys::table.filter(service_keys::id.eq(id.0).and(service_keys::revoked_at.is_null()));
    let revoked = diesel::update(live).set(service_keys::revoked_at.eq(now)).run(connection).await?;
    Ok(revoked > 0)
}
