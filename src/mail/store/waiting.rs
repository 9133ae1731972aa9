//! Counting the mails that wait.

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;

/// How many are counted at most.
const MOST: i64 = 10_000;

/// The mails that wait to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) mails: i64,
    /// When the oldest was written.
    pub(crate) since: Option<Timestamp>,
}

/// Counts them.
pub(crate) async fn waiting(connection: &mut Connection) -> Result<Waiting, Error> {
    let WaitingRow { mails, since } = Counting { most: MOST }.one_row(connection).await?;
    Ok(Waiting { mails, since })
}

statement! {
    struct Counting = "waiting.sql" {
        most: i64,
    } -> WaitingRow
}

row! {
    struct WaitingRow {
        mails: i64,
        since: Option<Timestamp>,
    }
}
