//! What lies in the database.

use std::error::Error;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio_postgres::Client;

use crate::support::Outcome;

const EVERY: Duration = Duration::from_secs(60);

/// The table itself, each of its indexes, and what PostgreSQL counted. An operator's question, not for each second.
const TABLE: &str = "SELECT pg_relation_size(relid), n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count \
    FROM pg_stat_user_tables WHERE relname = 'sessions'";
const INDEXES: &str = "SELECT string_agg(relname || ' ' || pg_relation_size(indexrelid) / 1024, ', ' ORDER BY relname) \
    FROM (SELECT indexrelid, indexrelname::text AS relname FROM pg_stat_user_indexes WHERE relname = 'sessions') indexes";

const OTHERS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// Waits until all other connections have ended: each tells its last counts of the tables then.
pub(crate) async fn settle(operator: &Client) -> Outcome {
    while operator.query_one(OTHERS, &[]).await?.get::<_, i64>(0) > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

pub(crate) fn head() {
    println!(
        "{:10}{:>11}{:>12}{:>12}{:>9}{:>9}{:>13}  indexes KiB",
        "", "table KiB", "updates", "HOT", "HOT %", "dead", "autovacuums"
    );
}

pub(crate) async fn row(name: &str, operator: &Client) -> Outcome {
    let table = operator.query_one(TABLE, &[]).await?;
    let indexes: String = operator.query_one(INDEXES, &[]).await?.get(0);
    let [size, updates, hot, dead, vacuums] = [0, 1, 2, 3, 4].map(|column| table.get::<_, i64>(column));
    let share = if updates > 0 { 100.0 * hot as f64 / updates as f64 } else { f64::NAN };
    println!("{name:10}{:11}{updates:12}{hot:12}{share:9.2}{dead:9}{vacuums:13}  {indexes}", size / 1024);
    Ok(())
}

/// Prints a row a minute. Returns only if that fails.
pub(crate) async fn watch(operator: &Client) -> Box<dyn Error + Send + Sync> {
    let watch = Stopwatch::start();
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = row(&format!("{} s", watch.elapsed().as_secs()), operator).await {
            return error;
        }
    }
}
