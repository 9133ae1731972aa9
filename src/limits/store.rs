//! Buckets in the database, and the parts of other statements that take from them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bytea, Double, Integer, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use super::{Attempt, Taken, Verdict};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;

/// What [`Attempt::walk`] gives: how long to wait, and the keys of what was taken.
pub(crate) type TakenColumns = (Nullable<Double>, Array<Bytea>);

/// Those columns as they are read.
pub(crate) type TakenRow = (Option<f64>, Vec<Vec<u8>>);

impl Attempt {
    /// The call that takes from the buckets, as an item of `FROM`: one row of the columns `wait` and `taken`.
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
        out.push_sql(")");
        Ok(())
    }

    /// What became of it, by the row of that call.
    pub(crate) fn read(&self, (wait, taken): TakenRow) -> Verdict {
        self.verdict(wait, taken)
    }
}

impl Taken {
    /// The table expressions that give back what was taken, for those rows of the table expression `condition` that there are. Buckets
    /// are locked in the order in which they were taken from, as everybody does.
    pub(crate) fn walk_back<'b>(&'b self, condition: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("back AS (SELECT key, cost FROM unnest(");
        out.push_bind_param::<Array<Bytea>, _>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Double>, _>(&self.costs)?;
        out.push_sql(
            ") WITH ORDINALITY AS given (key, cost, place) JOIN limits USING (key) WHERE EXISTS (SELECT FROM ",
        );
        out.push_sql(condition);
        out.push_sql(
            ") ORDER BY place FOR UPDATE OF limits), given_back AS (UPDATE limits \
             SET full_at = full_at - make_interval(secs => back.cost) FROM back WHERE limits.key = back.key)",
        );
        Ok(())
    }
}

/// Gives back what was taken, for an attempt that was not made.
pub(crate) async fn give_back(connection: &mut Connection, taken: &Taken) -> Result<(), Error> {
    GivingBack(taken).execute(connection).await?;
    Ok(())
}

struct GivingBack<'a>(&'a Taken);

impl QueryFragment<Pg> for GivingBack<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH always AS (SELECT 1), ");
        self.0.walk_back("always", &mut out)?;
        out.push_sql(" SELECT");
        Ok(())
    }
}

impl QueryId for GivingBack<'_> {
    type QueryId = GivingBack<'static>;
}

/// Buckets removed by one statement.
const BATCH: i64 = 10_000;

/// Removes buckets that are full. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, now: Timestamp) -> Result<bool, Error> {
    let removed = Removing { now }.execute(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

struct Removing {
    now: Timestamp,
}

impl QueryFragment<Pg> for Removing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM limits WHERE ctid = ANY (ARRAY(SELECT ctid FROM limits WHERE full_at <= ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&BATCH)?;
        out.push_sql(" FOR UPDATE SKIP LOCKED))");
        Ok(())
    }
}

impl QueryId for Removing {
    type QueryId = Self;
}
