//! Clearing away what ended long ago.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::clock::{Stopwatch, Timestamp};
use crate::error::Error;
use crate::limits;
use crate::revocations;
use crate::sessions::{SessionId, store};
use crate::tokens::lifecycle::RETIREMENT;

/// How long a turn lasts. Within it one instance works, for at most [`WORK`]; nobody else does.
const TURN: Duration = Duration::from_secs(60);

/// How long nobody has a turn after the whole table was gone through.
const REST: Duration = Duration::from_secs(10 * 60);

/// Longest work in a turn. What is left is done in the next.
const WORK: Duration = Duration::from_secs(5);

/// How long an ended session is kept, for whoever wants to look into it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes a turn at clearing away what ended more than a day ago, sessions and revocations, buckets of limits that are full, and
/// events that are older than they are kept, if it is due and no other instance has
/// it. Works in small steps, each a statement of its own, and goes on in the next turn where this one stopped. Returns how many
/// sessions were removed.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn clean_up(app: &App) -> Result<u64, Error> {
    let now = app.clock.now();
    let claimed = app.db.run(async |connection| store::claim(connection, now, (TURN, REST)).await).await?;
    let Some(mut position) = claimed else { return Ok(0) };
    let watch = Stopwatch::start();
    let share = |number: u32| WORK * number / 8;
    let kept_since = now - app.config.audit_retention;
    // No token lives longer than its key.
    let revoked = async |connection: &mut _| revocations::store::clean_up(connection, RETIREMENT).await;
    while watch.elapsed() < share(2) && app.db.run(revoked).await? {}
    let full = async |connection: &mut _| limits::store::clean_up(connection, now).await;
    while watch.elapsed() < share(4) && app.db.run(full).await? {}
    let old = async |connection: &mut _| audit::store::clean_up(connection, kept_since, now).await;
    while watch.elapsed() < share(5) && app.db.run(old).await? {}
    let removed = walk(app, &mut position, now, watch).await;
    let due_at = now + if position.0.is_nil() { REST } else { TURN };
    app.db.run(async |connection| store::hand_on(connection, position, due_at).await).await?;
    removed
}

/// Goes through the sessions from `position` on, to the end or as long as there is time. `position` is where to go on.
async fn walk(app: &App, position: &mut SessionId, now: Timestamp, watch: Stopwatch) -> Result<u64, Error> {
    let over = store::Over { now, kept: KEPT, idle_ttl: app.config.session_idle_ttl };
    let mut removed = 0;
    while watch.elapsed() < WORK {
        let step = app.db.run(async |connection| store::step(connection, *position, over).await).await?;
        removed += step.removed.unsigned_abs();
        *position = step.position.unwrap_or(SessionId(Uuid::nil()));
        if step.position.is_none() {
            break;
        }
    }
    Ok(removed)
}
