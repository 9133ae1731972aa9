//! What attempts take from the limits, and the events of those that are refused.

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

/// What an attempt took from the limits, until its outcome is known.
///
/// The attempt counts unless its outcome is set to one that does not count. When this is dropped, it is settled in
/// the background.
pub(crate) struct Charge {
    db: Database,
    taken: Consumed,
    /// Other attempts may wait for what this gives back when it is settled.
    holder: Option<Holder>,
    ending: AttemptOutcome,
}

impl Charge {
    /// Whether there is nothing to settle.
    pub(crate) fn is_nothing(&self) -> bool {
        self.taken.is_nothing()
    }

    /// Sets the outcome of the attempt. What does not count with that outcome is given back when the charge is
    /// dropped.
    pub(crate) fn set_ending(&mut self, ending: AttemptOutcome) {
        self.ending = ending;
    }

    /// What it took, for whoever gives it back later. The charge itself has to end as one that counts.
    pub(crate) fn counting(&self) -> Consumed {
        self.taken.counting()
    }

    /// Takes out what is to be settled. The caller settles it before it drops the holder.
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
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "an attempt was not settled");
            }
            drop(holder);
        });
    }
}

/// The event of a failed attempt.
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) client: Client,
    /// The identifier of the account, if it may be logged.
    pub(crate) identifier: Option<String>,
    pub(crate) of: (Option<AccountId>, Option<SessionId>),
    /// The limit on how often such an event is recorded.
    pub(crate) throttle: crate::limits::Attempt,
    /// The limit that was exceeded, if it is one of the account's.
    pub(crate) name: Vec<u8>,
    pub(crate) at: Timestamp,
}

/// Charges attempts, and records those that fail.
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

    /// The attempt failed and counts. The statement that records it settles it as well.
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

    /// Gives back, in the background, what an attempt took that was settled as one that counts, and has succeeded by now.
    pub(crate) fn give_back(&self, taken: Consumed) {
        self.charge(taken).set_ending(AttemptOutcome::Right);
    }

    /// Records that there were too many attempts under `name`, unless that was recorded a short time ago.
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
