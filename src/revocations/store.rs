//! Queries on revocations.

use std::time::Duration;

use uuid::Uuid;

use super::{Position, Revocation};
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::{Error, OrInternal};
use crate::ids::{AccountId, SessionId};

/// How many rows are read or removed at a time.
const BATCH: usize = 1000;

/// What may be known now.
pub(crate) struct Now {
    /// The position of a reader who has seen everything.
    pub(crate) position: Position,
    /// The time by the database's clock.
    pub(crate) at: Timestamp,
    /// The service keys whose backends may read.
    pub(crate) readers: Vec<Uuid>,
}

/// The state of the revocations at one moment. It is on disk when this returns: a crash of the database forgets the
/// numbers of transactions that left nothing there, and gives them away again, and what is then done under them must
/// not pass for seen.
pub(crate) async fn now(connection: &mut Connection) -> Result<Now, Error> {
    let mut now = AskingNow {}.one_row::<NowRow>(connection).await?;
    if now.position.is_none() {
        Marking {}.run(connection).await?;
        now = AskingNow {}.one_row::<NowRow>(connection).await?;
    }
    let position = now.position.ok_or_else(|| Error::internal("the history of the database has no mark"))?;
    Ok(Now { position: position.parse().or_internal()?, at: now.at, readers: now.readers })
}

statement! {
    struct Marking = "store/mark.sql" {}
}

statement! {
    struct AskingNow = "store/now.sql" {} -> NowRow
}

row! {
    struct NowRow {
        position: Option<String>,
        at: Timestamp,
        readers: Vec<Uuid>,
    }
}

/// A part of what became visible between two positions.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) revocations: Vec<Revocation>,
    /// The row after which the next batch begins. `None` if this was the last one.
    pub(crate) next: Option<i64>,
}

/// The revocations that became visible between two positions, after the row `after` in the order of the table. From a
/// position of another history these are all. Those that are older than `kept` are left out.
pub(crate) async fn between(
    connection: &mut Connection,
    (from, to): (&Position, &Position),
    after: i64,
    kept: Duration,
) -> Result<Batch, Error> {
    let (history, kept_seconds, batch) = (to.unmarked(), kept.as_secs_f64(), BATCH as i64);
    let rows = if from.history() == to.history() {
        let since = ReadingSince { history, from: from.snapshot(), to: to.snapshot(), after, kept_seconds, batch };
        since.all_rows::<RevocationRow>(connection).await?
    } else {
        let everything = ReadingEverything { history, to: to.snapshot(), after, kept_seconds, batch };
        everything.all_rows::<RevocationRow>(connection).await?
    };
    let next = rows.last().filter(|_| rows.len() == BATCH).map(|row| row.id);
    Ok(Batch { revocations: rows.into_iter().map(RevocationRow::revocation).collect::<Result<_, _>>()?, next })
}

statement! {
    struct ReadingSince<'a> = "store/since.sql" {
        history: &'a str,
        from: &'a str,
        to: &'a str,
        after: i64,
        kept_seconds: f64,
        batch: i64,
    } -> RevocationRow
}

statement! {
    struct ReadingEverything<'a> = "store/everything.sql" {
        history: &'a str,
        to: &'a str,
        after: i64,
        kept_seconds: f64,
        batch: i64,
    } -> RevocationRow
}

row! {
    struct RevocationRow {
        id: i64,
        session_id: Option<Uuid>,
        account_id: Option<Uuid>,
        revoked_at: Timestamp,
        generation: Option<i64>,
        kept_session_id: Option<Uuid>,
    }
}

impl RevocationRow {
    fn revocation(self) -> Result<Revocation, Error> {
        match (self.session_id, self.account_id) {
            (Some(id), _) => Ok(Revocation::Session { id: SessionId(id), at: self.revoked_at }),
            (None, Some(id)) => Ok(Revocation::Account {
                id: AccountId(id),
                at: self.revoked_at,
                generation: self.generation,
                kept: self.kept_session_id.map(SessionId),
            }),
            (None, None) => Err(Error::internal("a revocation of nothing")),
        }
    }
}

/// Removes some of the revocations that are older than `kept`. Returns whether there may be more.
pub(crate) async fn clean_up(connection: &mut Connection, kept: Duration) -> Result<bool, Error> {
    let removed = CleaningUp { kept_seconds: kept.as_secs_f64(), batch: BATCH as i64 }.run(connection).await?;
    Ok(removed == BATCH)
}

statement! {
    struct CleaningUp = "store/clean_up.sql" {
        kept_seconds: f64,
        batch: i64,
    }
}
