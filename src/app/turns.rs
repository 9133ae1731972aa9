//! Bounds the statements that wait for one account's row.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{Error, OrInternal};
use crate::ids::AccountId;

/// How many statements may wait for an account's row at the same time. Each holds a connection, so without a bound
/// one account could take all of them.
const AT_ONCE: usize = 2;

/// The turns at each account's row on this instance.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<AccountId, Arc<Semaphore>>>>);

/// A turn. It ends when dropped.
pub(crate) struct Turn {
    turns: Turns,
    account: AccountId,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for a turn without holding a connection, and for at most `patience`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none came in that time.
    pub(crate) async fn take(&self, account: AccountId, patience: Duration) -> Result<Turn, Error> {
        let row = self.lock().entry(account).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone();
        // This is made before the wait, so that it cleans up even if it is dropped during the wait.
        let mut turn = Turn { turns: self.clone(), account, permit: None };
        let permit = timeout(patience, row.acquire_owned()).await;
        let late = |_| Error::unavailable(format!("others were at the account's row for {patience:?}"));
        turn.permit = Some(permit.map_err(late)?.or_internal()?);
        Ok(turn)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut rows = self.turns.lock();
        drop(self.permit.take());
        // Nobody else has a turn at this row or waits for one.
        if rows.get(&self.account).is_some_and(|row| Arc::strong_count(row) == 1) {
            rows.remove(&self.account);
        }
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turns({})", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn an_account_has_so_many_turns_and_no_other_waits_for_it() {
        let turns = Turns::default();
        let account = |number| AccountId(Uuid::from_u128(number));
        let taken = [turns.take(account(1), SOON).await.unwrap(), turns.take(account(1), SOON).await.unwrap()];
        assert!(turns.take(account(1), SOON).await.is_err());
        drop(turns.take(account(2), SOON).await.unwrap());
        let waiting = turns.take(account(1), Duration::from_secs(60));
        let (turn, ()) = tokio::join!(waiting, async { drop(taken) });
        drop(turn);
        assert!(turns.lock().is_empty());
    }
}
