//! Buckets in the database, and the parts of other statements that take from them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Double, Integer, Timestamptz};
use diesel_async::RunQueryDsl;

use super::{Attempt, AttemptOutcome, Consumed, Decision};
use crate::clock::Timestamp;
use crate::db::statement::Columns;
use crate::db::{Connection, parameters, row};
use crate::error::Error;

/// The columns that [`Attempt::walk`] gives: how long to wait, for which step, the keys of what was taken, whether others hold what
/// they may give back, and the periods in which it was taken.
pub(crate) const TAKEN: &str = "wait, refused, taken, contended, taken_in";

/// Their types.
pub(crate) type TakenColumns = <TakenRow as Columns>::Sql;

row! {
    /// As they are read.
    pub(crate) struct TakenRow {
        wait: Option<f64>,
        refused: Option<i32>,
        taken: Vec<Vec<u8>>,
        contended: bool,
        taken_in: Vec<i64>,
    }
}

// An attempt is six parameters of a statement, those of the function `portcullis_take`.
parameters! {
    Attempt {
        steps: Vec<i32>,
        keys: Vec<Vec<u8>>,
        costs: Vec<f64>,
        bursts: Vec<f64>,
        now: Timestamp,
        holding: bool,
    }
}

impl Attempt {
    /// The call that takes from the buckets, as an item of `FROM`: one row of the columns [`TAKEN`].
    pub(crate) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("portcullis_take(");
        out.push_bind_param::<Array<Integer>, _>(&self.steps)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bytea>, _>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Double>, _>(&self.costs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Double>, _>(&self.bursts)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&self.holding)?;
        out.push_sql(")");
        Ok(())
    }

    /// What became of it, by the row of that call.
    pub(crate) fn read(&self, row: TakenRow) -> Decision {
        self.verdict(row.wait, row.refused, row.taken.into_iter().zip(row.taken_in), row.contended)
    }
}

/// Gives back what does not count of what was taken; in any case the attempt holds nothing any longer. In a statement of its own: one
/// that waits for the disk would hold the buckets meanwhile.
pub(crate) async fn settle(connection: &mut Connection, taken: &Consumed, ending: AttemptOutcome) -> Result<(), Error> {
    Settling::new(taken, ending).execute(connection).await?;
    Ok(())
}

/// An `UPDATE` that settles an attempt.
pub(crate) struct Settling<'a> {
    taken: &'a Consumed,
    /// How much each bucket gets back.
    back: Vec<f64>,
}

impl<'a> Settling<'a> {
    pub(crate) fn new(taken: &'a Consumed, ending: AttemptOutcome) -> Self {
        Self { taken, back: taken.back(ending) }
    }
}

impl Settling<'_> {
    /// The table expressions `back` and `settled`. They are carried out after the one that has the name `after`.
    pub(crate) fn walk<'b>(&'b self, after: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Buckets are locked in the order in which they were taken from, as everybody does.
        out.push_sql("back AS MATERIALIZED (SELECT key, cost, taken_in FROM unnest(");
        out.push_bind_param::<Array<Bytea>, _>(&self.taken.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Double>, _>(&self.back)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.taken.periods)?;
        out.push_sql(
            ") WITH ORDINALITY AS given (key, cost, taken_in, place) JOIN limits USING (key) WHERE EXISTS (SELECT FROM ",
        );
        out.push_sql(after);
        out.push_sql(
            ") ORDER BY place FOR UPDATE OF limits), settled AS (UPDATE limits SET \
             held = greatest(held - (held_in = back.taken_in)::int, 0), \
             held_before = greatest(held_before - (held_in = back.taken_in + 1)::int, 0), \
             full_at = full_at - make_interval(secs => back.cost) FROM back WHERE limits.key = back.key)",
        );
        Ok(())
    }
}

impl QueryFragment<Pg> for Settling<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH now AS (SELECT), ");
        self.walk("now", &mut out)?;
        out.push_sql(" SELECT");
        Ok(())
    }
}

impl QueryId for Settling<'_> {
    type QueryId = Settling<'static>;
}

/// Buckets removed by one statement.
const BATCH: i64 = 10_000;

/// Removes buckets that are full, by the clock of the database as well. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, now: Timestamp) -> Result<bool, Error> {
    let removed = Removing { now }.execute(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

struct Removing {
    now: Timestamp,
}

impl QueryFragment<Pg> for Removing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM limits WHERE ctid = ANY (ARRAY(SELECT ctid FROM limits WHERE full_at <= least(clock_timestamp(), ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(") LIMIT ");
        out.push_bind_param::<BigInt, _>(&BATCH)?;
        out.push_sql(" FOR UPDATE SKIP LOCKED))");
        Ok(())
    }
}

impl QueryId for Removing {
    type QueryId = Self;
}
