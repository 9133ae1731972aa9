//! Removing mails that were sent or given up long ago.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;

/// How many mails one statement removes.
const BATCH: i64 = 1000;

/// How long a mail is kept that was sent.
const SENT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a mail is kept that was given up.
const GIVEN_UP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Removes mails that were kept long enough. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, now: Timestamp) -> Result<bool, Error> {
    let (sent_seconds, failed_seconds) = (SENT.as_secs_f64(), GIVEN_UP.as_secs_f64());
    let removed = CleaningUp { now, sent_seconds, failed_seconds, batch: BATCH }.run(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

statement! {
    struct CleaningUp = "clean_up.sql" {
        now: Timestamp,
        sent_seconds: f64,
        failed_seconds: f64,
        batch: i64,
    }
}
