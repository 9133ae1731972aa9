//! Statements for the background tasks of sessions.

use std::time::Duration;

use diesel::prelude::*;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::schema::clean_up;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::SessionId;

const TASK: &str = "sessions";

/// Takes the turn if it is due. No other instance has it until `turn` after `now`. A turn that lies further ahead
/// than `rest` was taken by an instance with a wrong clock, and is taken over. Returns where to continue.
pub(crate) async fn claim(
    connection: &mut Connection,
    now: Timestamp,
    (turn, rest): (Duration, Duration),
) -> Result<Option<SessionId>, Error> {
    let due = clean_up::due_at.le(now).or(clean_up::due_at.gt(now + rest));
    let due = clean_up::table.filter(clean_up::task.eq(TASK).and(due));
    let claimed = diesel::update(due)
        .set(clean_up::due_at.eq(now + turn))
        .returning(clean_up::position)
        .one_row::<Uuid>(connection)
        .await
        .optional()?;
    Ok(claimed.map(SessionId))
}

/// Stores where the next turn continues, and when it is due.
pub(crate) async fn hand_on(connection: &mut Connection, position: SessionId, due_at: Timestamp) -> Result<(), Error> {
    diesel::update(clean_up::table.filter(clean_up::task.eq(TASK)))
        .set((clean_up::position.eq(position.0), clean_up::due_at.eq(due_at)))
        .run(connection)
        .await?;
    Ok(())
}

/// The result of a step of the clean-up.
pub(crate) struct Step {
    /// The last session that was looked at. `None` at the end of the table.
    pub(crate) position: Option<SessionId>,
    /// The number of sessions that were removed.
    pub(crate) removed: i64,
}

/// Which sessions have to be removed: those that ended, or were left unused for `idle_ttl`, more than `kept` before
/// `now`.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    pub(crate) now: Timestamp,
    pub(crate) kept: Duration,
    pub(crate) idle_ttl: Duration,
}

/// Looks at the next thousand sessions after `position`, and removes those that are over by the clock of the database as well,
/// so that an instance with a wrong clock can't remove active ones. Locked rows are left for the next time.
pub(crate) async fn step(connection: &mut Connection, position: SessionId, over: Over) -> Result<Step, Error> {
    let (kept_seconds, idle_seconds) = (over.kept.as_secs_f64(), over.idle_ttl.as_secs_f64());
    let step = Stepping { position: position.0, now: over.now, kept_seconds, idle_seconds };
    let row = step.one_row::<StepRow>(connection).await?;
    Ok(Step { position: row.position.map(SessionId), removed: row.removed })
}

statement! {
    struct Stepping = "clean_up.sql" {
        position: Uuid,
        now: Timestamp,
        kept_seconds: f64,
        idle_seconds: f64,
    } -> StepRow
}

row! {
    struct StepRow {
        position: Option<Uuid>,
        removed: i64,
    }
}

/// How many uses one statement writes.
pub(crate) const USES: usize = 1000;

/// Writes when at most [`USES`] sessions were last used. Locked rows are left out, because they are being used at
/// this moment.
pub(crate) async fn record_uses(connection: &mut Connection, uses: &[(SessionId, Timestamp)]) -> Result<(), Error> {
    let (ids, times) = uses.iter().map(|(id, at)| (id.0, *at)).unzip();
    Recording { ids, times }.run(connection).await?;
    Ok(())
}

statement! {
    struct Recording = "record_uses.sql" {
        ids: Vec<Uuid>,
        times: Vec<Timestamp>,
    }
}
