//! How long a migration waits for a lock.
//!
//! A statement that waits for a lock of a table holds up every later statement whose lock conflicts with it. So a migration
//! gives up early, lets the others go first, and is tried again.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::SimpleAsyncConnection;

use crate::db::{Connection, Run};
use crate::error::Error;

/// The transaction that has held a lock of one of our tables for the longest time. Who may not see when it began sees who it is.
const HOLDER: &str = "\
SELECT concat('process ', a.pid, ' (' || CASE WHEN a.usesysid IS NULL THEN 'autovacuum' ELSE nullif(a.application_name, '') END || ')',
    ', since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) AS who
FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_database d ON d.oid = l.database
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace
    AND d.datname = current_database() AND a.pid <> pg_backend_pid()
ORDER BY a.xact_start
LIMIT 1";

/// After how many milliseconds PostgreSQL ends an autovacuum for whoever waits for its lock, if one holds a lock of our
/// tables. No other process that holds one is of no role.
const AUTOVACUUM: &str = "\
SELECT s.setting::bigint AS millis
FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_database d ON d.oid = l.database
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    JOIN pg_catalog.pg_settings s ON s.name = 'deadlock_timeout'
WHERE l.granted AND c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace
    AND d.datname = current_database() AND a.usesysid IS NULL
LIMIT 1";

/// The bounds of a wait for locks.
#[derive(Clone, Copy, Debug)]
pub struct Locks {
    /// How long a statement waits for a lock, and requests behind it.
    pub timeout: Duration,
    /// For how long each migration is tried again that got no lock in time.
    pub wait: Duration,
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Text)]
    who: String,
}

#[derive(QueryableByName)]
struct Autovacuum {
    #[diesel(sql_type = BigInt)]
    millis: i64,
}

/// What is known of whoever holds what a migration waited for.
#[derive(Default)]
pub(super) struct Holders {
    /// A sentence for the operator.
    pub(super) said: String,
    /// How long one has to wait until autovacuum gives way, if it is one of them.
    pub(super) gives_way: Option<Duration>,
}

impl Locks {
    /// Who may hold what a migration waited for.
    pub(super) async fn holders(self, connection: &mut Connection) -> Result<Holders, Error> {
        let Self { timeout, wait } = self;
        let holders: Vec<Holder> = diesel::sql_query(HOLDER).all_rows(connection).await?;
        let holder = holders.into_iter().next().map(|Holder { who }| {
            format!(
                "The oldest transaction that holds a lock of our tables is that of {who}: wait for its end, or end it. "
            )
        });
        let holder = holder.unwrap_or_default();
        let said = format!("{holder}A migration waits {timeout:?} for a lock, and is tried again for {wait:?}");
        let autovacuums: Vec<Autovacuum> = diesel::sql_query(AUTOVACUUM).all_rows(connection).await?;
        let millis = autovacuums.into_iter().next().and_then(|Autovacuum { millis }| u64::try_from(millis).ok());
        Ok(Holders { said, gives_way: millis.map(Duration::from_millis) })
    }
}

/// Bounds each wait for a lock until the end of the transaction. The statements themselves may take as long as they take,
/// whatever the role has.
pub(super) async fn give_up_after(timeout: Duration, connection: &mut Connection) -> Result<(), Error> {
    let bounds = format!("SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = 0", timeout.as_millis());
    Ok(connection.batch_execute(&bounds).await?)
}

/// Lets a statement `CONCURRENTLY` wait and work for as long as it takes: nobody who reads or writes waits behind it.
pub(super) async fn wait_for_ever(connection: &mut Connection) -> Result<(), Error> {
    Ok(connection.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0").await?)
}
