//! Recording, session by session, sessions that were ended all at once.

use std::time::Duration;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::sessions::store::{self, EndedCursor};

/// Longest time that one run works. The next run does what is left.
const WORK: Duration = Duration::from_secs(5);

/// Records the end of each session that was ended together with all sessions of its account: in its row, and as an
/// event. It goes from account to account in small steps, each a statement of its own, so that no account waits for
/// one with many sessions. Several instances may work at the same time, each at another account. Returns how many
/// sessions were recorded.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn record_endings(app: &App) -> Result<u64, Error> {
    let idle = app.config.session_idle_ttl.as_secs_f64();
    let watch = Stopwatch::start();
    let (mut place, mut recorded, mut in_this_round) = (EndedCursor::START, 0, 0);
    while watch.elapsed() < WORK {
        let step = app.db.run(async |connection| store::record_endings(connection, place, idle).await).await?;
        match step {
            Some(step) => {
                place = step.place;
                in_this_round += step.recorded.unsigned_abs();
            }
            // If a round could do nothing, others hold the rows that are left.
            None if in_this_round == 0 => break,
            None => {
                recorded += in_this_round;
                (place, in_this_round) = (EndedCursor::START, 0);
            }
        }
    }
    Ok(recorded + in_this_round)
}
