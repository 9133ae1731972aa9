//! What is done to sessions in the background.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, BigInt, Double, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Connection;
use crate::db::schema::clean_up;
use crate::error::Error;
use crate::ids::SessionId;

/// Sessions looked at by one statement.
const BATCH: i64 = 1000;

const TASK: &str = "sessions";

/// Takes the turn, if it is due: until `now` and `turn` no other instance has it. One that is further away than `rest` was taken
/// by a clock that is wrong, and is taken from it. Returns where to go on.
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
        .get_result::<Uuid>(connection)
        .await
        .optional()?;
    Ok(claimed.map(SessionId))
}

/// Remembers where the next turn goes on, and when it is due.
pub(crate) async fn hand_on(connection: &mut Connection, position: SessionId, due_at: Timestamp) -> Result<(), Error> {
    diesel::update(clean_up::table.filter(clean_up::task.eq(TASK)))
        .set((clean_up::position.eq(position.0), clean_up::due_at.eq(due_at)))
        .execute(connection)
        .await?;
    Ok(())
}

/// What a step of the clean-up did.
pub(crate) struct Step {
    /// The last session looked at; `None` at the end of the table.
    pub(crate) position: Option<SessionId>,
    /// Sessions removed.
    pub(crate) removed: i64,
}

/// What is to be removed: what ended, or was left unused for `idle_ttl`, more than `kept` before `now`.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    pub(crate) now: Timestamp,
    pub(crate) kept: Duration,
    pub(crate) idle_ttl: Duration,
}

/// Looks at the next sessions after `position`, and removes those that are over, by the clock of the database as well: an
/// instance whose own is wrong must not end what is alive. Rows that somebody holds are left for the next time.
pub(crate) async fn step(connection: &mut Connection, position: SessionId, over: Over) -> Result<Step, Error> {
    let (ended, unused) = (over.kept.as_secs_f64(), (over.kept + over.idle_ttl).as_secs_f64());
    let step = Stepping { position: position.0, now: over.now, ended, unused };
    let (position, removed) = step.get_result::<(Option<Uuid>, i64)>(connection).await?;
    Ok(Step { position: position.map(SessionId), removed })
}

struct Stepping {
    position: Uuid,
    now: Timestamp,
    ended: f64,
    unused: f64,
}

impl QueryFragment<Pg> for Stepping {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The setting keeps the triggers quiet: nobody remembers these.
        out.push_sql(
            "WITH quiet AS MATERIALIZED (SELECT set_config('portcullis.clean_up', 'on', true)), limits AS (SELECT least(",
        );
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(", clock_timestamp()) - make_interval(secs => ");
        out.push_bind_param::<Double, _>(&self.ended)?;
        out.push_sql(") AS ended, least(");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(", clock_timestamp()) - make_interval(secs => ");
        out.push_bind_param::<Double, _>(&self.unused)?;
        out.push_sql(") AS unused), page AS MATERIALIZED (SELECT id FROM sessions, quiet WHERE id > ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.position)?;
        out.push_sql(" ORDER BY id LIMIT ");
        out.push_bind_param::<BigInt, _>(&BATCH)?;
        out.push_sql(
            "), over AS (SELECT id FROM sessions, limits WHERE id IN (SELECT id FROM page) AND (revoked_at < ended \
             OR expires_at < ended OR last_used_at < unused) FOR UPDATE OF sessions SKIP LOCKED), \
             removed AS (DELETE FROM sessions WHERE id IN (SELECT id FROM over) RETURNING id) \
             SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM removed)",
        );
        Ok(())
    }
}

impl Query for Stepping {
    type SqlType = (Nullable<sql_types::Uuid>, BigInt);
}

impl QueryId for Stepping {
    type QueryId = Self;
}

/// Uses written by one statement.
pub(crate) const USES: usize = 1000;

/// Uses that come sooner after the one in the row are left out: another instance has written it.
const SLACK: &str = "interval '30 seconds'";

/// Writes when sessions were last used, of [`USES`] at the most. Rows that somebody holds are left out: they are being used just
/// now.
pub(crate) async fn record_uses(connection: &mut Connection, uses: &[(SessionId, Timestamp)]) -> Result<(), Error> {
    let (ids, times) = uses.iter().map(|(id, at)| (id.0, *at)).unzip();
    Recording { ids, times }.execute(connection).await?;
    Ok(())
}

struct Recording {
    ids: Vec<Uuid>,
    times: Vec<Timestamp>,
}

impl QueryFragment<Pg> for Recording {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH used AS (SELECT id, at FROM unnest(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.times)?;
        out.push_sql(
            ") AS used (id, at)), free AS (SELECT s.id, used.at FROM sessions s JOIN used USING (id) \
             WHERE s.revoked_at IS NULL AND s.last_used_at < used.at - ",
        );
        out.push_sql(SLACK);
        out.push_sql(
            " FOR NO KEY UPDATE OF s SKIP LOCKED) UPDATE sessions SET last_used_at = greatest(last_used_at, free.at) FROM free WHERE sessions.id = free.id",
        );
        Ok(())
    }
}

impl QueryId for Recording {
    type QueryId = Self;
}
