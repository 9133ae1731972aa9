//! What attempts cost, and what is written down of those that cost too much.

use std::sync::Arc;

use super::App;
use super::failed::{Refused, log_failed};
use crate::audit::Kind;
use crate::audit::store::{Occurrence, record};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::Database;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::store::settle;
use crate::limits::turns::Holder;
use crate::limits::{AttemptOutcome, Consumed, Limits};

/// What an attempt took, until it is known how it ends.
///
/// It counts, whatever comes after it, unless it is said how it ended: what was looked up is paid for. Dropped, it is settled in the
/// background.
pub(crate) struct Charge {
    db: Database,
    taken: Consumed,
    /// Until it is settled others may wait for what it gives back.
    holder: Option<Holder>,
    ending: AttemptOutcome,
}

impl Charge {
    /// Whether there is nothing to settle.
    pub(crate) fn is_nothing(&self) -> bool {
        self.taken.is_nothing()
    }

    /// How the attempt ended. What does not count then is given back when the charge is dropped.
    pub(crate) fn set_ending(&mut self, ending: AttemptOutcome) {
        self.ending = ending;
    }

    /// What is to be settled. Whoever takes it over has settled it before the holder is dropped.
    fn take(&mut self) -> (Consumed, Option<Holder>) {
        (std::mem::take(&mut self.taken), self.holder.take())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let (taken, holder) = self.take();
        if taken.is_nothing() {
            return;
        }
        let (db, ending, Ok(runtime)) = (self.db.clone(), self.ending, tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = db.run(async |connection| settle(connection, &taken, ending).await).await {
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "what an attempt took was not settled");
            }
            drop(holder);
        });
    }
}

/// An attempt that came to nothing, as it is written down.
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) client: Client,
    /// Whom it was for, as the log may tell it.
    pub(crate) identifier: Option<String>,
    pub(crate) of: (Option<AccountId>, Option<SessionId>),
    /// What bounds how often that is done.
    pub(crate) throttle: crate::limits::Attempt,
    /// What there were too many attempts of, if the account is being tried by many.
    pub(crate) name: Vec<u8>,
    pub(crate) at: Timestamp,
}

/// Charges attempts, and writes down those that come to nothing.
#[derive(Clone)]
pub(crate) struct Charges {
    db: Database,
    limits: Arc<Limits>,
}

impl Charges {
    pub(crate) fn charge(&self, taken: Consumed) -> Charge {
        let holder = (!taken.is_nothing()).then(|| self.limits.turns.hold(taken.keys()));
        Charge { db: self.db.clone(), taken, holder, ending: AttemptOutcome::Unknown }
    }

    /// The attempt was made in vain, and counts. It is settled by the statement that writes it down.
    pub(crate) async fn fail(&self, mut charge: Charge, failure: &Failure) -> Result<(), Error> {
        log_failed(failure.kind, Refused::InvalidCredentials, &failure.client, failure.identifier.as_deref());
        let (taken, holder) = charge.take();
        let occurrence = Occurrence::new(failure.kind, &failure.client, failure.at);
        let (of, throttle) = (failure.of, &failure.throttle);
        self.db.run(async |connection| record(connection, &occurrence, of, throttle, &taken).await).await?;
        drop(holder);
        if taken.is_attacked {
            self.note_limit(&failure.client, &failure.name, failure.of, failure.at).await?;
        }
        Ok(())
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
        let (occurrence, nothing) = (Occurrence::new(Kind::Limited, client, now), Consumed::default());
        let of = (account, session);
        self.db.run(async |connection| record(connection, &occurrence, of, &throttle, &nothing).await).await
    }
}

impl App {
    pub(crate) fn charges(&self) -> Charges {
        Charges { db: self.db.clone(), limits: self.limits.clone() }
    }
}
