//! What operators do with mails.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;

/// How many mails a list has at most.
const MOST: i64 = 1000;

/// A mail that was not sent.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// Its id.
    pub id: Uuid,
    /// Its kind, as the table has it.
    pub kind: String,
    /// To whom it goes.
    pub recipient: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried, the attempt that goes on included.
    pub attempts: i32,
    /// What comes next.
    pub state: State,
    /// Why the last attempt failed. `None` before the first one, and while one goes on.
    pub error: Option<String>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is tried then.
    Due(Timestamp),
    /// It was given up then, and is not tried any more.
    Failed(Timestamp),
}

/// The oldest mails that were not sent, and how many there are.
pub(crate) async fn list(connection: &mut Connection) -> Result<(Vec<Unsent>, i64), Error> {
    let rows = Listing { most: MOST }.all_rows::<ListedRow>(connection).await?;
    let total = rows.as_slice().first().map_or(0, |row| row.total);
    let mails = rows.into_iter().filter_map(|row| {
        let state = row.failed_at.map(State::Failed).or(row.due_at.map(State::Due))?;
        let ListedRow { id, kind, recipient, created_at, attempts, error, .. } = row;
        Some(Unsent { id, kind, recipient: recipient?, created_at, attempts, state, error })
    });
    Ok((mails.collect(), total))
}

statement! {
    struct Listing = "list.sql" {
        most: i64,
    } -> ListedRow
}

row! {
    struct ListedRow {
        id: Uuid,
        kind: String,
        recipient: Option<String>,
        created_at: Timestamp,
        attempts: i32,
        due_at: Option<Timestamp>,
        failed_at: Option<Timestamp>,
        error: Option<String>,
        total: i64,
    }
}

/// Makes a mail due that was given up or waits for its next attempt, or all that were given up. Returns how many.
pub(crate) async fn retry(connection: &mut Connection, mail: Option<Uuid>, now: Timestamp) -> Result<usize, Error> {
    Ok(Retrying { mail, now }.run(connection).await?)
}

statement! {
    struct Retrying = "retry.sql" {
        mail: Option<Uuid>,
        now: Timestamp,
    }
}
