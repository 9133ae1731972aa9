//! Statements on the outbox.

mod clean_up;
mod operate;
mod waiting;

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;

pub(crate) use clean_up::clean_up;
pub use operate::{State, Unsent};
pub(crate) use operate::{list, retry};
pub(crate) use waiting::{Waiting, waiting};

/// A mail that this instance has taken, so that no other sends it before its lease is over.
pub(crate) struct Taken {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    /// `None` where nobody gets it.
    pub(crate) recipient: Option<String>,
    pub(crate) locale: String,
    /// What it tells, sealed.
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
    /// The number of this attempt, from 1.
    pub(crate) attempt: i32,
}

/// Takes up to `most` mails that are due. Each is due again after `lease`, unless it is marked before.
pub(crate) async fn take(
    connection: &mut Connection,
    most: i64,
    lease: Duration,
    now: Timestamp,
) -> Result<Vec<Taken>, Error> {
    let rows = Taking { now, leased_until: now + lease, most }.all_rows::<TakenRow>(connection).await?;
    Ok(rows
        .into_iter()
        .map(|row| Taken {
            id: row.id,
            kind: row.kind,
            recipient: row.recipient,
            locale: row.locale,
            content: row.content,
            created_at: row.created_at,
            attempt: row.attempts,
        })
        .collect())
}

statement! {
    struct Taking = "take.sql" {
        now: Timestamp,
        leased_until: Timestamp,
        most: i64,
    } -> TakenRow
}

row! {
    struct TakenRow {
        id: Uuid,
        kind: String,
        recipient: Option<String>,
        locale: String,
        content: Option<Vec<u8>>,
        created_at: Timestamp,
        attempts: i32,
    }
}

/// Gives back mails whose attempts have ended, so that they are due at once.
pub(crate) async fn release(
    connection: &mut Connection,
    attempts: &[(Uuid, i32)],
    now: Timestamp,
) -> Result<(), Error> {
    let (mails, numbers) = attempts.iter().copied().unzip();
    Releasing { mails, numbers, now }.run(connection).await?;
    Ok(())
}

statement! {
    struct Releasing = "release.sql" {
        mails: Vec<Uuid>,
        numbers: Vec<i32>,
        now: Timestamp,
    }
}

/// What became of an attempt to send a mail.
pub(crate) enum Outcome<'a> {
    /// The other side has accepted it.
    Sent,
    /// It failed, and is tried again then.
    Again { due_at: Timestamp, error: &'a str },
    /// It failed, and is not tried again.
    GivenUp { error: &'a str },
}

/// Marks what became of this attempt, unless another instance has taken the mail since.
pub(crate) async fn mark(
    connection: &mut Connection,
    (mail, attempt): (Uuid, i32),
    outcome: &Outcome<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let (sent_at, failed_at, due_at, error) = match *outcome {
        Outcome::Sent => (Some(now), None, None, None),
        Outcome::Again { due_at, error } => (None, None, Some(due_at), Some(error)),
        Outcome::GivenUp { error } => (None, Some(now), None, Some(error)),
    };
    Marking { mail, attempt, sent_at, failed_at, due_at, error }.run(connection).await?;
    Ok(())
}

statement! {
    struct Marking<'a> = "mark.sql" {
        mail: Uuid,
        attempt: i32,
        sent_at: Option<Timestamp>,
        failed_at: Option<Timestamp>,
        due_at: Option<Timestamp>,
        error: Option<&'a str>,
    }
}
