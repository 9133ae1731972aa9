//! Removing accounts that were deleted.

use std::collections::HashSet;
use std::time::Duration;

use crate::accounts::store::{self, Due};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::ids::AccountId;

/// Longest time that one run works. The next run does what is left.
const WORK: Duration = Duration::from_secs(5);

/// Removes the rows of accounts that were deleted and kept long enough, together with their sessions. What their
/// events say about the owners is removed as well. The work is done in small steps, each a statement of its own, and
/// several instances may do it at the same time. An account that can't be removed is skipped. `stuck` holds the
/// accounts for which a warning was logged. Returns how many accounts were removed.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away, [`Error::ReadOnly`] when it takes no changes.
pub async fn remove_accounts(app: &App, stuck: &mut HashSet<AccountId>) -> Result<u64, Error> {
    let watch = Stopwatch::start();
    let (mut gone, mut after) = (0, None);
    while watch.elapsed() < WORK {
        let due = Due { now: app.clock.now(), kept: app.config.deleted_accounts_kept };
        let next = app.db.run(async |connection| store::next_due(connection, due, after).await).await?;
        let Some(place) = next else { break };
        let account = place.account;
        match remove(app, due, account, &watch).await {
            Ok(is_gone) => {
                gone += u64::from(is_gone);
                stuck.remove(&account);
            }
            Err(error @ (Error::ReadOnly(_) | Error::Busy { .. })) => return Err(error),
            // The database may be away, or refuse this account alone. The next query shows which.
            Err(error) if stuck.insert(account) => {
                tracing::warn!(%account, %error, causes = error.causes(), at = error.at(), "a deleted account can't be removed, and will be tried again");
            }
            Err(error) => {
                tracing::debug!(%account, %error, causes = error.causes(), at = error.at(), "a deleted account still can't be removed")
            }
        }
        after = Some(place);
    }
    Ok(gone)
}

/// Returns whether the account is gone now.
async fn remove(app: &App, due: Due, account: AccountId, watch: &Stopwatch) -> Result<bool, Error> {
    let mut is_cleared = false;
    while watch.elapsed() < WORK {
        let step = async |connection: &mut _| store::remove(connection, due, account, is_cleared).await;
        let Some(removal) = app.db.run(step).await? else { return Ok(false) };
        if removal.is_gone {
            app.session_cache.forget_account(account);
            return Ok(true);
        }
        if is_cleared && removal.rows == 0 {
            return Ok(false);
        }
        is_cleared = true;
    }
    Ok(false)
}
