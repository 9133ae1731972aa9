//! Counting the mails that wait, for the metrics.

use crate::app::App;
use crate::error::Error;
use crate::mail::store;

/// Counts the mails that wait to be sent, on whatever instance they were written.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. The last count stays.
pub async fn count_mails(app: &App) -> Result<(), Error> {
    app.mail_counts.wait(app.db.run(async |connection| store::waiting(connection).await).await?);
    Ok(())
}
