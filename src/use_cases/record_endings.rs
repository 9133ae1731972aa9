//! Writing down, session by session, what ended all at once.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::sessions::store;

/// Longest work in a turn. What is left is done in the next.
const WORK: Duration = Duration::from_secs(5);

/// Writes the ends of sessions into their rows, and as events, that ended with all sessions of their accounts. Goes from account to
/// account in small steps, each a statement of its own, so that none waits for another with many; several instances may do so at a
/// time, each at another account. Returns how many sessions were written down.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn record_endings(app: &App) -> Result<u64, Error> {
    let (start, idle) = ((Uuid::nil(), i64::MIN), app.config.session_idle_ttl.as_secs_f64());
    let watch = Stopwatch::start();
    let (mut place, mut recorded, mut in_this_round) = (start, 0, 0);
    while watch.elapsed() < WORK {
        let step = app.db.run(async |connection| store::record_endings(connection, place, idle).await).await?;
        match step {
            Some(step) => {
                place = step.place;
                in_this_round += step.recorded.unsigned_abs();
            }
            // What is left after a round in which nothing could be done is held by somebody.
            None if in_this_round == 0 => break,
            None => {
                recorded += in_this_round;
                (place, in_this_round) = (start, 0);
            }
        }
    }
    Ok(recorded + in_this_round)
}
