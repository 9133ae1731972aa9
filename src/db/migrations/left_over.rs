//! What is left of an index that was not built to its end.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::SimpleAsyncConnection;

use crate::db::{Connection, Run};
use crate::error::Error;

const INVALID: &str = "\
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND n.nspname = current_schema() AND c.relname = $1";

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Removes the index that this migration makes, if an earlier try was ended while it was built: PostgreSQL keeps it as an
/// invalid one, which each change writes and no query reads. The name of the migration ends with that of its index.
pub(super) async fn remove(connection: &mut Connection, migration: &str) -> Result<(), Error> {
    let Some((_, index)) = migration.split_once('_') else { return Ok(()) };
    let invalid: Vec<Index> = diesel::sql_query(INVALID).bind::<Text, _>(index).all_rows(connection).await?;
    for Index { name } in invalid {
        tracing::warn!(name, "an index was not built to its end; it is built anew");
        connection.batch_execute(&format!("DROP INDEX CONCURRENTLY {name}")).await?;
    }
    Ok(())
}
