//! Removing events that are older than they are kept.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;

/// How many events one statement removes.
const BATCH: i64 = 1000;

/// Removes events from before `before`, by the clock of the database as well. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, before: Timestamp, now: Timestamp) -> Result<bool, Error> {
    let removed = Removing { before, now }.execute(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

struct Removing {
    before: Timestamp,
    now: Timestamp,
}

impl QueryFragment<Pg> for Removing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Ids sort by time. With this setting the triggers permit the removal.
        out.push_sql(
            "WITH quiet AS MATERIALIZED (SELECT set_config('portcullis.clean_up', 'on', true)), \
             old AS MATERIALIZED (SELECT id FROM audit_events, quiet WHERE id < (SELECT portcullis_event_id(",
        );
        out.push_bind_param::<Timestamptz, _>(&self.before)?;
        out.push_sql(" + least(interval '0', clock_timestamp() - ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql("))) ORDER BY id LIMIT ");
        out.push_bind_param::<BigInt, _>(&BATCH)?;
        out.push_sql(") DELETE FROM audit_events WHERE id IN (SELECT id FROM old)");
        Ok(())
    }
}

impl QueryId for Removing {
    type QueryId = Self;
}
