//! Removing events that are older than they are kept.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;

/// How many events one statement removes.
const BATCH: i64 = 1000;

/// Removes events that are older than `kept`, by the clock of the database as well. Returns whether there may be
/// more.
pub(crate) async fn clean_up(connection: &mut Connection, kept: Duration, now: Timestamp) -> Result<bool, Error> {
    let removed = CleaningUp { kept_since: now - kept, now, batch: BATCH }.run(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

statement! {
    struct CleaningUp = "clean_up.sql" {
        kept_since: Timestamp,
        now: Timestamp,
        batch: i64,
    }
}
