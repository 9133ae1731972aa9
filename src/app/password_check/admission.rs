//! Admission to the comparison of a password, and its charge.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::super::App;
use super::super::charge::{Charge, Charges, Failure};
use crate::accounts::Designation;
use crate::accounts::store::{Found, find};
use crate::client::Client;
use crate::clock::moment;
use crate::error::Error;
use crate::limits::{Attempt, AttemptOutcome, Decision as Limit, Refusal};
use crate::passwords::{Comparison, HashingPermit, Password, PasswordHash};
use crate::traces::detached;

/// How long an attempt waits at most for what others may give back, unless half of the request's time is less.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The right to have a password compared: a permit of the hashing threads, and a charge.
pub(crate) struct Admission {
    permit: HashingPermit,
    charge: Charge,
}

impl Admission {
    /// The right to have something compared that was charged by another statement.
    pub(in crate::app) fn new(permit: HashingPermit, charge: Charge) -> Self {
        Self { permit, charge }
    }

    /// The password is not compared after all, and the look-up revealed nothing, so nothing is charged.
    pub(crate) fn withdraw(mut self) {
        self.charge.set_ending(AttemptOutcome::Withdrawn);
    }
}

/// A password to be compared.
pub(in crate::app) struct Comparing {
    /// `None` if it is longer than any password. It is nobody's then, but the answer takes as long.
    pub(in crate::app) password: Option<Password>,
    /// The hash to compare it with. A dummy is used if there is none.
    pub(in crate::app) hash: Option<PasswordHash>,
    /// The event that is recorded when it is wrong.
    pub(in crate::app) failure: Failure,
}

/// The password was right.
pub(in crate::app) struct Right {
    /// The permit, for what else has to be hashed.
    pub(in crate::app) permit: HashingPermit,
    /// The charge, which is given back when this is dropped.
    pub(in crate::app) charge: Charge,
    /// A hash of it at the current cost, if the stored one is cheaper to break.
    pub(in crate::app) stronger: Option<PasswordHash>,
}

impl App {
    /// Until when all attempts of this client's request together may wait.
    fn deadline(&self, client: &Client) -> Instant {
        client.asked_at.unwrap_or_else(moment) + LONGEST_WAIT.min(self.config.graphql.bounds.time / 2)
    }

    /// Looks the account up and charges the attempt, to find whether a password may be compared. A permit is taken
    /// before anything is looked up. An attempt that is refused while others hold what they may give back waits for
    /// that. It holds neither a connection nor a permit in the meantime, and does not overtake attempts that wait
    /// already.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is no permit. The inner error when there were too many attempts.
    pub(in crate::app) async fn enter(
        &self,
        client: &Client,
        attempt: &Attempt,
        designation: Option<Designation>,
    ) -> Result<(Result<Admission, Refusal>, Option<Found>), Error> {
        let (deadline, turns) = (self.deadline(client), &self.limits.turns);
        let mut waiter = attempt.choices().find_map(|keys| turns.join_others(keys));
        if let Some(waiter) = &mut waiter {
            // A last try is worth it, even if it is not its turn.
            let _ = timeout_at(deadline, waiter.look_again()).await;
        }
        loop {
            let permit = self.passwords.permit()?;
            let (paid, found) = self.pay(attempt, designation.clone()).await?;
            let refusal = match paid {
                Ok(charge) => return Ok((Ok(Admission { permit, charge }), found)),
                Err(refusal) => refusal,
            };
            drop(permit);
            if refusal.contended.is_empty() {
                return Ok((Err(refusal), found));
            }
            if waiter.as_ref().is_none_or(|waiter| waiter.keys() != refusal.contended) {
                waiter = turns.join(&refusal.contended);
            }
            let is_over = match &mut waiter {
                Some(waiter) => timeout_at(deadline, waiter.look_again()).await.is_err(),
                None => true,
            };
            if is_over {
                attempt.gave_up(&refusal);
                return Ok((Err(refusal), found));
            }
        }
    }

    /// Looks the account up. What that took is charged, even if the caller does not wait for it any more.
    async fn pay(
        &self,
        attempt: &Attempt,
        designation: Option<Designation>,
    ) -> Result<(Result<Charge, Refusal>, Option<Found>), Error> {
        let (charges, db, asked) = (self.charges(), self.db.clone(), attempt.clone());
        let paid = async move {
            let looked_up = db.run(async |connection| find(connection, designation.as_ref(), &asked).await);
            let (limit, found) = looked_up.await?;
            let paid = match limit {
                Limit::Allowed(taken) => Ok(charges.charge(taken)),
                Limit::Refused(refusal) => Err(refusal),
            };
            Ok((paid, found))
        };
        if attempt.is_free() {
            return paid.await;
        }
        tokio::spawn(detached(paid)).await.unwrap_or_else(|error| Err(error.into()))
    }

    /// An admission for a password that was right, to compare it with the hash that replaced the first one.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is none.
    pub(super) fn readmit(&self, charge: Charge) -> Result<Admission, Error> {
        Ok(Admission { permit: self.passwords.permit()?, charge })
    }

    /// Compares a password. `None` if it is wrong. A charged comparison is carried out and counts by its outcome,
    /// even if the caller does not wait for it any more, so that nobody gains by hanging up or loses by a broken
    /// connection.
    pub(in crate::app) async fn compare(
        &self,
        admission: Admission,
        comparing: Comparing,
    ) -> Result<Option<Right>, Error> {
        let is_paid_for = !admission.charge.is_nothing();
        let compared = compare(self.charges(), admission, comparing);
        if !is_paid_for {
            return compared.await;
        }
        tokio::spawn(detached(compared)).await.unwrap_or_else(|error| Err(error.into()))
    }
}

async fn compare(charges: Charges, mut admission: Admission, comparing: Comparing) -> Result<Option<Right>, Error> {
    admission.charge.set_ending(AttemptOutcome::Unknown);
    let (password, hash) = match comparing.password {
        Some(password) => (password, comparing.hash),
        None => (Password::empty(), None),
    };
    match admission.permit.verify(password, hash).await? {
        Comparison::Right { stronger } => {
            let Admission { permit, mut charge } = admission;
            charge.set_ending(AttemptOutcome::Right);
            Ok(Some(Right { permit, charge, stronger }))
        }
        Comparison::Wrong => {
            let Admission { permit, charge } = admission;
            drop(permit);
            charges.fail(charge, &comparing.failure).await?;
            Ok(None)
        }
    }
}
