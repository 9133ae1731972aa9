//! Removing what ended long ago.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::clock::{Stopwatch, Timestamp};
use crate::error::Error;
use crate::flows;
use crate::ids::SessionId;
use crate::limits;
use crate::mail;
use crate::passkeys;
use crate::revocations;
use crate::sessions::store;
use crate::tokens::lifecycle::RETIREMENT;
use crate::trusted_devices;

/// How long a turn lasts. During a turn only one instance works, for at most [`WORK`].
const TURN: Duration = Duration::from_secs(60);

/// How long no instance takes a turn after the whole table was gone through.
const REST: Duration = Duration::from_secs(10 * 60);

/// Longest time that an instance works in a turn. The next turn does what is left.
const WORK: Duration = Duration::from_secs(5);

/// How long an ended session or flow, or a device that is not trusted any more, is kept, for operators who want to look into it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes a turn at removing old rows, if a turn is due and no other instance has it: sessions and revocations that
/// ended more than a day ago, full buckets of limits, events that are older than the settings keep them, mails,
/// flows, trusted devices, and used challenges. The work is done in small steps, each a statement of its own. The next turn continues
/// where this one stopped. Returns how many sessions were removed.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn clean_up(app: &App) -> Result<u64, Error> {
    let now = app.clock.now();
    let claimed = app.db.run(async |connection| store::claim(connection, now, (TURN, REST)).await).await?;
    let Some(mut position) = claimed else { return Ok(0) };
    let watch = Stopwatch::start();
    let share = |number: u32| WORK * number / 10;
    // If one of them fails, the others are still done.
    let swept = [
        sweep(app, Swept::Revocations, now, (watch, share(2))).await,
        sweep(app, Swept::Buckets, now, (watch, share(4))).await,
        sweep(app, Swept::Events, now, (watch, share(5))).await,
        sweep(app, Swept::Mails, now, (watch, share(6))).await,
        sweep(app, Swept::Flows, now, (watch, share(7))).await,
        sweep(app, Swept::TrustedDevices, now, (watch, share(8))).await,
        sweep(app, Swept::Challenges, now, (watch, share(9))).await,
    ];
    let removed = walk(app, &mut position, now, watch).await;
    let is_done = position.0.is_nil() && swept.iter().all(|swept| matches!(swept, Ok(true)));
    let due_at = now + if is_done { REST } else { TURN };
    app.db.run(async |connection| store::hand_on(connection, position, due_at).await).await?;
    swept.into_iter().collect::<Result<Vec<_>, _>>()?;
    removed
}

/// Removes the kinds of rows for which a statement finds by itself which are old.
#[derive(Clone, Copy)]
enum Swept {
    Revocations,
    Buckets,
    Events,
    Mails,
    Flows,
    TrustedDevices,
    Challenges,
}

/// Removes rows step by step, until this part of the turn's time is over. Returns whether nothing is left.
async fn sweep(app: &App, what: Swept, now: Timestamp, (watch, until): (Stopwatch, Duration)) -> Result<bool, Error> {
    while watch.elapsed() < until {
        let step = async |connection: &mut _| match what {
            // No token lives longer than its key.
            Swept::Revocations => revocations::store::clean_up(connection, RETIREMENT).await,
            Swept::Buckets => limits::store::clean_up(connection, now).await,
            Swept::Events => audit::store::clean_up(connection, app.config.audit_retention, now).await,
            Swept::Mails => mail::store::clean_up(connection, now).await,
            Swept::Flows => flows::store::clean_up(connection, KEPT, now).await,
            Swept::TrustedDevices => trusted_devices::store::clean_up(connection, KEPT, now).await,
            Swept::Challenges => passkeys::store::clean_up(connection, KEPT, now).await,
        };
        if !app.db.run(step).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Goes through the sessions from `position` to the end, or until the time is over. `position` is moved to where to
/// continue.
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
