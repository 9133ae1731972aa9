//! Removing used challenges that expired long ago.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;

/// How many challenges one statement removes.
const BATCH: i64 = 1000;

/// Removes used challenges that expired more than `kept` ago, which is more than the clocks of instances differ. Returns whether there
/// may be more.
pub(crate) async fn clean_up(connection: &mut Connection, kept: Duration, now: Timestamp) -> Result<bool, Error> {
    let removed = CleaningUp { now, kept_seconds: kept.as_secs_f64(), batch: BATCH }.run(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

statement! {
    struct CleaningUp = "clean_up.sql" {
        now: Timestamp,
        kept_seconds: f64,
        batch: i64,
    }
}
