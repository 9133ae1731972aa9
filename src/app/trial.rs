//! Trying a password: who may, and what becomes of what it cost.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::App;
use super::charge::{Charge, Charges, Failure};
use crate::error::Error;
use crate::limits::turns::Waiter;
use crate::limits::{Ending, Refusal, Verdict as Limit};
use crate::passwords::{Password, PasswordHash, Place, Verdict};

/// Longest that an attempt waits for what others may give back, unless half of the request's time is less.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a password may be tried with: a place at the hashing threads, and what was paid for it.
pub(crate) struct Admission {
    place: Place,
    charge: Charge,
}

impl Admission {
    /// The password is not tried after all, and nothing was learnt by what was looked up.
    pub(crate) fn withdraw(mut self) {
        self.charge.set_ending(Ending::Withdrawn);
    }

    /// The place, for what has to be hashed besides.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

/// A password to be compared.
pub(crate) struct Trial {
    /// None if it is longer than any password: nobody's, but it takes as long to say so.
    pub(crate) password: Option<Password>,
    /// What to compare it with; a dummy if there is none.
    pub(crate) hash: Option<PasswordHash>,
    /// What is written down when it is wrong.
    pub(crate) failure: Failure,
}

/// The password was right.
pub(crate) struct Proof {
    /// What it took, which is given back when this is dropped.
    pub(crate) admission: Admission,
    /// A hash of it at today's cost, if the one at hand is cheaper to break.
    pub(crate) stronger: Option<PasswordHash>,
}

/// The way to an admission. One goes on with it until it says that one is admitted or refused: first a place is taken, then an attempt is
/// looked up and charged, then judged.
pub(crate) struct Entrance<'a> {
    app: &'a App,
    deadline: Instant,
    place: Option<Place>,
    waiter: Option<Waiter>,
}

impl Entrance<'_> {
    /// Takes a place at the hashing threads, before anything is looked up.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is none.
    pub(crate) fn take_place(&mut self) -> Result<(), Error> {
        self.place = Some(self.app.passwords.place()?);
        Ok(())
    }

    /// What an attempt that was looked up and charged comes to. Is it refused while others hold what they may give back, it waits for
    /// that, and holds neither a connection nor a place meanwhile. `None`: it is to be looked up again.
    pub(crate) async fn judge(&mut self, limit: Limit) -> Option<Result<Admission, Refusal>> {
        let place = self.place.take();
        let refusal = match (limit, place) {
            (Limit::Allowed(taken), Some(place)) => {
                return Some(Ok(Admission { place, charge: self.app.charges().charge(taken) }));
            }
            (Limit::Allowed(_), None) => return None,
            (Limit::Refused(refusal), place) => {
                drop(place);
                refusal
            }
        };
        if refusal.contended.is_empty() {
            return Some(Err(refusal));
        }
        if self.waiter.as_ref().is_none_or(|waiter| waiter.keys() != refusal.contended) {
            self.waiter = self.app.limits.turns.join(&refusal.contended);
        }
        let Some(waiter) = &mut self.waiter else { return Some(Err(refusal)) };
        match timeout_at(self.deadline, waiter.look_again()).await {
            Ok(()) => None,
            Err(_) => Some(Err(refusal)),
        }
    }
}

impl App {
    /// Until when an attempt that is made now may wait.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + PATIENCE.min(self.config.graphql.bounds.time / 2)
    }

    /// The way to an admission, which is found until then.
    pub(crate) fn entrance(&self, deadline: Instant) -> Entrance<'_> {
        Entrance { app: self, deadline, place: None, waiter: None }
    }

    /// Compares a password; `None` if it is wrong. What was paid for is carried out, and counts by its outcome, also when the caller does
    /// not wait for it any more: nobody gains by hanging up, and nobody loses by a connection that breaks.
    pub(crate) async fn try_password(&self, admission: Admission, trial: Trial) -> Result<Option<Proof>, Error> {
        let is_paid_for = !admission.charge.is_nothing();
        let compared = compare(self.charges(), admission, trial);
        if !is_paid_for {
            return compared.await;
        }
        tokio::spawn(compared.in_current_span()).await.unwrap_or_else(|error| Err(Error::internal(error)))
    }
}

async fn compare(charges: Charges, mut admission: Admission, trial: Trial) -> Result<Option<Proof>, Error> {
    admission.charge.set_ending(Ending::Unknown);
    let (password, hash) = match trial.password {
        Some(password) => (password, trial.hash),
        None => (Password::empty(), None),
    };
    match admission.place.verify(password, hash).await? {
        Verdict::Right { stronger } => {
            admission.charge.set_ending(Ending::Right);
            Ok(Some(Proof { admission, stronger }))
        }
        Verdict::Wrong => {
            let Admission { place, charge } = admission;
            drop(place);
            charges.fail(charge, &trial.failure).await?;
            Ok(None)
        }
    }
}
