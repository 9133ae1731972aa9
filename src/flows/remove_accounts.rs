//! Removing accounts that were deleted.

use std::time::Duration;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::sessions::store;

/// Longest work in a turn. What is left is done in the next.
const WORK: Duration = Duration::from_secs(5);

/// Removes the rows of accounts that were deleted and kept long enough, with their sessions, and strips their events of what tells of
/// their owners. Works in small steps, each a statement of its own; several instances may do so at a time, each at another account.
/// Returns how many accounts are gone.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn remove_accounts(app: &App) -> Result<u64, Error> {
    let watch = Stopwatch::start();
    let mut gone = 0;
    while watch.elapsed() < WORK {
        let (kept, now) = (app.config.deleted_accounts_kept, app.clock.now());
        let removal = app.db.run(async |connection| store::remove_deleted(connection, kept, now).await).await?;
        let Some(removal) = removal else { break };
        if removal.is_gone {
            gone += 1;
            app.viewers.forget_account(removal.account);
        } else if removal.rows == 0 {
            break;
        }
    }
    Ok(gone)
}
