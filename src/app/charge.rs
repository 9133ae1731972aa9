//! What attempts cost, and what is written down of those that cost too much.

use super::App;
use crate::accounts::AccountId;
use crate::audit::Kind;
use crate::audit::store::{Occurrence, record};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::Database;
use crate::error::Error;
use crate::limits::Taken;
use crate::limits::store::give_back;
use crate::sessions::SessionId;

/// What an attempt took, until it is known how it ends. Dropped, it is given back, in the background: the password was right, or the
/// attempt was not made, because there was no room for it, or its time was over, or nobody waits for it any more.
pub(crate) struct Charge {
    db: Database,
    taken: Option<Taken>,
}

impl Charge {
    /// The attempt was made, in vain, and counts.
    pub(crate) fn keep(mut self) {
        self.taken = None;
    }

    /// Whether the account is being tried by many.
    pub(crate) fn is_attacked(&self) -> bool {
        self.taken.as_ref().is_some_and(|taken| taken.is_attacked)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Some(taken) = self.taken.take().filter(|taken| !taken.is_nothing()) else { return };
        let (db, Ok(runtime)) = (self.db.clone(), tokio::runtime::Handle::try_current()) else { return };
        runtime.spawn(async move {
            if let Err(error) = db.run(async |connection| give_back(connection, &taken).await).await {
                tracing::debug!(%error, "what an attempt took was not given back");
            }
        });
    }
}

impl App {
    pub(crate) fn charge(&self, taken: Taken) -> Charge {
        Charge { db: self.db.clone(), taken: Some(taken) }
    }

    /// Writes down that there were too many attempts of what `name` stands for, unless that was done a short time ago.
    pub(crate) async fn note_limit(
        &self,
        client: &Client,
        name: &[u8],
        (account, session): (Option<AccountId>, Option<SessionId>),
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(throttle) = self.limits.limited(client, name, now) else { return Ok(()) };
        tracing::warn!(
            account = account.map(tracing::field::display),
            session = session.map(tracing::field::display),
            "there are too many attempts"
        );
        let occurrence = Occurrence::new(Kind::Limited, client, now);
        self.db.run(async |connection| record(connection, &occurrence, (account, session), &throttle).await).await
    }
}
