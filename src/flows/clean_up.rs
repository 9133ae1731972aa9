//! Clearing away what ended long ago.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::sessions::{SessionId, store};

/// How long a turn lasts. Within it one instance works, for at most [`WORK`]; nobody else does.
const TURN: Duration = Duration::from_secs(60);

/// Longest work in a turn. What is left is done in the next.
const WORK: Duration = Duration::from_secs(5);

/// How long an ended session is kept, for whoever wants to look into it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes a turn at clearing away sessions that ended more than a day ago, if it is due and no other instance has it. Goes
/// through the table in small steps, each a statement of its own, and goes on in the next turn where this one stopped. Returns
/// how many sessions were removed.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn clean_up(app: &App) -> Result<u64, Error> {
    let now = app.clock.now();
    let claimed = app.db.run(async |connection| store::claim(connection, now, TURN).await).await?;
    let Some(mut position) = claimed else { return Ok(0) };
    let (ended_before, unused_since) = (now - KEPT, app.unused_since(now) - KEPT);
    let (watch, mut removed) = (Stopwatch::start(), 0);
    while watch.elapsed() < WORK {
        let step =
            app.db.run(async |connection| store::step(connection, position, ended_before, unused_since).await).await?;
        removed += step.removed.unsigned_abs();
        position = step.position.unwrap_or(SessionId(Uuid::nil()));
        if step.position.is_none() {
            break;
        }
    }
    app.db.run(async |connection| store::hand_on(connection, position).await).await?;
    Ok(removed)
}
