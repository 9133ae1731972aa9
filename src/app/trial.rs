//! Trying a password: who may, and what becomes of what it cost.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::App;
use super::charge::{Charge, Charges, Failure};
use crate::client::Client;
use crate::clock::moment;
use crate::db::Database;
use crate::error::Error;
use crate::limits::{Attempt, AttemptOutcome, Decision as Limit, Refusal};
use crate::passwords::{Comparison, HashingPermit, Password, PasswordHash};

/// Longest that an attempt waits for what others may give back, unless half of the request's time is less.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a password may be tried with: a place at the hashing threads, and what was paid for it.
pub(crate) struct Admission {
    place: HashingPermit,
    charge: Charge,
}

impl Admission {
    /// The password is not tried after all, and nothing was learnt by what was looked up.
    pub(crate) fn withdraw(mut self) {
        self.charge.set_ending(AttemptOutcome::Withdrawn);
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
    /// The place, for what has to be hashed besides. To be dropped before anything else is waited for: others need it.
    pub(crate) place: HashingPermit,
    /// What it took, which is given back when this is dropped.
    pub(crate) charge: Charge,
    /// A hash of it at today's cost, if the one at hand is cheaper to break.
    pub(crate) stronger: Option<PasswordHash>,
}

impl App {
    /// Until when the attempts of this client's request may wait, all together.
    fn deadline(&self, client: &Client) -> Instant {
        client.asked_at.unwrap_or_else(moment) + PATIENCE.min(self.config.graphql.bounds.time / 2)
    }

    /// Asks whether a password may be compared: `find` looks it up, and takes what the attempt takes. A place is taken before anything is
    /// looked up. An attempt that is refused while others hold what they may give back waits for that, and holds neither a connection nor
    /// a place meanwhile; and it does not overtake those who wait already.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is no place; the inner one when there were too many attempts.
    pub(crate) async fn enter<T, F>(
        &self,
        client: &Client,
        attempt: &Attempt,
        find: impl Fn(Database, Attempt) -> F,
    ) -> Result<(Result<Admission, Refusal>, T), Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<(Limit, T), Error>> + Send + 'static,
    {
        let (deadline, turns) = (self.deadline(client), &self.limits.turns);
        let mut waiter = attempt.choices().find_map(|keys| turns.join_others(keys));
        if let Some(waiter) = &mut waiter {
            // The last look is worth something, even if it is not its turn.
            let _ = timeout_at(deadline, waiter.look_again()).await;
        }
        loop {
            let place = self.passwords.place()?;
            let (paid, found) = self.pay(attempt, find(self.db.clone(), attempt.clone())).await?;
            let refusal = match paid {
                Ok(charge) => return Ok((Ok(Admission { place, charge }), found)),
                Err(refusal) => refusal,
            };
            drop(place);
            if refusal.contended.is_empty() {
                return Ok((Err(refusal), found));
            }
            if waiter.as_ref().is_none_or(|waiter| waiter.keys() != refusal.contended) {
                waiter = turns.join(&refusal.contended);
            }
            let Some(waiter) = &mut waiter else { return Ok((Err(refusal), found)) };
            if timeout_at(deadline, waiter.look_again()).await.is_err() {
                return Ok((Err(refusal), found));
            }
        }
    }

    /// Carries a look-up out. Whatever it took is charged, also when the caller does not wait for it any more.
    async fn pay<T: Send + 'static>(
        &self,
        attempt: &Attempt,
        find: impl Future<Output = Result<(Limit, T), Error>> + Send + 'static,
    ) -> Result<(Result<Charge, Refusal>, T), Error> {
        let charges = self.charges();
        let paid = async move {
            let (limit, found) = find.await?;
            let paid = match limit {
                Limit::Allowed(taken) => Ok(charges.charge(taken)),
                Limit::Refused(refusal) => Err(refusal),
            };
            Ok((paid, found))
        };
        if attempt.is_free() {
            return paid.await;
        }
        tokio::spawn(paid.in_current_span()).await.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    /// A place for a password that was right already, to compare it with a hash that has taken the place of the first.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is none.
    pub(crate) fn readmit(&self, charge: Charge) -> Result<Admission, Error> {
        Ok(Admission { place: self.passwords.place()?, charge })
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
    admission.charge.set_ending(AttemptOutcome::Unknown);
    let (password, hash) = match trial.password {
        Some(password) => (password, trial.hash),
        None => (Password::empty(), None),
    };
    match admission.place.verify(password, hash).await? {
        Comparison::Right { stronger } => {
            let Admission { place, mut charge } = admission;
            charge.set_ending(AttemptOutcome::Right);
            Ok(Some(Proof { place, charge, stronger }))
        }
        Comparison::Wrong => {
            let Admission { place, charge } = admission;
            drop(place);
            charges.fail(charge, &trial.failure).await?;
            Ok(None)
        }
    }
}
