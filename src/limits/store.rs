//! Buckets in the database, and the parts of other statements that take from them.

use super::{Attempt, AttemptOutcome, Consumed, Decision};
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;

row! {
    /// What `portcullis_take` gives: how long to wait, for which step, the keys of what was taken, whether others hold what they may give
    /// back, and the periods in which it was taken.
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
    /// What became of it, by the row of that call.
    pub(crate) fn read(&self, row: TakenRow) -> Decision {
        self.verdict(row.wait, row.refused, row.taken.into_iter().zip(row.taken_in), row.contended)
    }
}

/// Gives back what does not count of what was taken; in any case the attempt holds nothing any longer. In a statement of its own: one
/// that waits for the disk would hold the buckets meanwhile.
pub(crate) async fn settle(connection: &mut Connection, taken: &Consumed, ending: AttemptOutcome) -> Result<(), Error> {
    SettlingAlone { settling: Settling::new(taken, ending) }.run(connection).await?;
    Ok(())
}

/// The parameters of the function `portcullis_settle`.
pub(crate) struct Settling<'a> {
    keys: &'a Vec<Vec<u8>>,
    /// How much each bucket gets back.
    back: Vec<f64>,
    taken_in: &'a Vec<i64>,
}

parameters! { Settling<'a> { keys: &'a Vec<Vec<u8>>, back: Vec<f64>, taken_in: &'a Vec<i64> } }

impl<'a> Settling<'a> {
    pub(crate) fn new(taken: &'a Consumed, ending: AttemptOutcome) -> Self {
        Self { keys: &taken.keys, back: taken.back(ending), taken_in: &taken.periods }
    }
}

statement! {
    struct SettlingAlone<'a> = "store/settle.sql" {
        settling: Settling<'a>,
    }
}

/// How many buckets one statement removes.
const BATCH: i64 = 10_000;

/// Removes buckets that are full, by the clock of the database as well. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, now: Timestamp) -> Result<bool, Error> {
    let removed = CleaningUp { now, batch: BATCH }.run(connection).await?;
    Ok(i64::try_from(removed).unwrap_or_default() >= BATCH)
}

statement! {
    struct CleaningUp = "store/clean_up.sql" {
        now: Timestamp,
        batch: i64,
    }
}
