//! What operators do with mails, by a command or by an API.

use uuid::Uuid;

use crate::app::Operator;
use crate::error::Error;
use crate::mail::store;

pub use crate::mail::{MailState, UnsentMail};

/// The oldest thousand mails that were not sent, and how many there are.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn list(operator: &Operator<'_>) -> Result<(Vec<UnsentMail>, i64), Error> {
    operator.db.run(async |connection| store::list(connection).await).await
}

/// Makes a mail due that was given up or waits for its next attempt. Without an id, all that were given up. A server sends them
/// at once. Returns how many there were.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn retry(operator: &Operator<'_>, mail: Option<Uuid>) -> Result<usize, Error> {
    let now = operator.clock.now();
    operator.db.run(async |connection| store::retry(connection, mail, now).await).await
}
