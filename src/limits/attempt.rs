//! Attempts, and what they take from the buckets.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::kind::{Kind, Refusals};
use crate::clock::Timestamp;
use crate::config::Rate;

/// An attempt and the buckets that it takes from. In each step it takes from the first bucket that has enough, and
/// the steps follow in order.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) steps: Vec<i32>,
    pub(super) keys: Vec<Vec<u8>>,
    /// What each bucket counts.
    kinds: Vec<Option<Kind>>,
    /// The price, in seconds of the bucket's inflow.
    pub(super) costs: Vec<f64>,
    /// The capacity of a bucket, in seconds of its inflow.
    pub(super) bursts: Vec<f64>,
    pub(super) now: Timestamp,
    /// The steps that count attempts at an account, from any address.
    of_account: &'static [i32],
    /// The steps that count successes. All others count failures.
    of_success: &'static [i32],
    /// The bucket that is taken from only while an account is under attack.
    alarm: Option<Vec<u8>>,
    /// Whether what it takes is given back when the attempt succeeds.
    pub(super) holding: bool,
    /// Whether it is tried again while others hold what they may give back, until it gives up.
    is_patient: bool,
    /// Where it is counted if it is refused.
    refusals: Option<Arc<Refusals>>,
}

impl Attempt {
    pub(super) fn new(now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Self {
        let mut attempt = Self::free(now);
        for (step, key, rate) in steps {
            attempt.steps.push(step);
            attempt.kinds.push(key.kind);
            attempt.keys.push(key.finish());
            let (cost, burst) = price(rate);
            attempt.costs.push(cost);
            attempt.bursts.push(burst);
        }
        attempt
    }

    /// An attempt that takes nothing and is always allowed.
    #[must_use]
    pub fn free(now: Timestamp) -> Self {
        Self {
            steps: Vec::new(),
            keys: Vec::new(),
            kinds: Vec::new(),
            costs: Vec::new(),
            bursts: Vec::new(),
            now,
            of_account: &[],
            of_success: &[],
            alarm: None,
            holding: false,
            is_patient: false,
            refusals: None,
        }
    }

    /// Marks these steps as those that count attempts at an account. The last bucket of the last of them is for an
    /// account under attack.
    pub(super) fn telling(self, of_account: &'static [i32]) -> Self {
        let alarm = self.keys_of(of_account.last().copied()).pop();
        Self { of_account, alarm, ..self }
    }

    /// The same where no bucket is for an account under attack.
    pub(super) fn counting_account(self, of_account: &'static [i32]) -> Self {
        Self { of_account, ..self }
    }

    /// Marks these steps as those that count successes.
    pub(super) fn counting_success(self, of_success: &'static [i32]) -> Self {
        Self { of_success, ..self }
    }

    /// Marks the attempt as one whose outcome is not known yet. Until it is settled, others may wait for what it
    /// gives back.
    pub(super) fn held(self) -> Self {
        Self { holding: true, ..self }
    }

    /// The same, which waits while others hold what they may give back.
    pub(super) fn patient(self) -> Self {
        Self { is_patient: true, ..self.held() }
    }

    /// The same, which is counted there if it is refused.
    pub(super) fn counted(self, refusals: &Arc<Refusals>) -> Self {
        Self { refusals: Some(refusals.clone()), ..self }
    }

    /// Counts that a limit refused it, by the first bucket of this step that has a name.
    fn count_refusal(&self, step: Option<i32>) {
        let mut kinds = self.steps.iter().zip(&self.kinds).filter(|(other, _)| Some(**other) == step);
        if let (Some(refusals), Some(kind)) = (&self.refusals, kinds.find_map(|(_, kind)| *kind)) {
            refusals.count(kind);
        }
    }

    /// It does not wait any longer for what others hold. A patient attempt has to be told to count.
    pub(crate) fn gave_up(&self, refusal: &Refusal) {
        self.count_refusal(refusal.step);
    }

    /// The decision, from the answer of the database: if it is refused, `wait` in seconds and the step, else the keys
    /// of the buckets that it took from, and the periods.
    pub(super) fn verdict(
        &self,
        wait: Option<f64>,
        refused: Option<i32>,
        taken: impl Iterator<Item = (Vec<u8>, i64)>,
        contended: bool,
    ) -> Decision {
        if wait.is_some() && !(contended && self.is_patient) {
            self.count_refusal(refused);
        }
        match wait {
            Some(wait) => Decision::Refused(Refusal {
                step: refused,
                retry_after: Duration::from_secs_f64(wait.clamp(1.0, 86_400.0)),
                of_account: refused.is_some_and(|step| self.of_account.contains(&step)),
                of_guesses: !contended && !refused.is_some_and(|step| self.of_success.contains(&step)),
                contended: if contended { self.keys_of(refused) } else { Vec::new() },
            }),
            None => {
                let mut all = Consumed::default();
                for (key, period) in taken {
                    let Some(place) = self.keys.iter().position(|other| *other == key) else { continue };
                    all.is_attacked |= self.alarm.as_ref() == Some(&key);
                    all.costs.push((self.costs[place], self.of_success.contains(&self.steps[place])));
                    all.periods.push(period);
                    all.keys.push(key);
                }
                Decision::Allowed(all)
            }
        }
    }

    /// Whether it takes nothing.
    pub(crate) fn is_free(&self) -> bool {
        self.keys.is_empty()
    }

    /// The buckets that it takes from, step by step.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &[Vec<u8>]> {
        let mut keys = self.keys.as_slice();
        self.steps.chunk_by(|one, next| one == next).map(move |step| {
            let (of_step, rest) = keys.split_at(step.len());
            keys = rest;
            of_step
        })
    }

    fn keys_of(&self, step: Option<i32>) -> Vec<Vec<u8>> {
        let steps = self.steps.iter().zip(&self.keys);
        steps.filter(|(other, _)| Some(**other) == step).map(|(_, key)| key.clone()).collect()
    }
}

/// The price at a bucket, and its capacity, in seconds of its inflow.
pub(super) fn price(rate: Rate) -> (f64, f64) {
    // In whole microseconds, as PostgreSQL counts, and never more than the capacity.
    ((rate.interval().as_micros() as f64) / 1e6, rate.period.as_secs_f64())
}

/// Whether an attempt may be made.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It may be made.
    Allowed(Consumed),
    /// There were too many.
    Refused(Refusal),
}

/// Why an attempt may not be made.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    step: Option<i32>,
    /// How long to wait before it may be made, unless others are made before. At least a second.
    pub retry_after: Duration,
    /// Whether there were too many attempts at the account, and not only from the address.
    pub of_account: bool,
    /// Whether there were too many failed attempts. False if some may still succeed, or if the limit counts
    /// successes.
    pub(crate) of_guesses: bool,
    /// The buckets that had too little, if attempts whose outcome is not known yet hold some of it.
    pub(crate) contended: Vec<Vec<u8>>,
}

/// What an attempt took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Consumed {
    pub(super) keys: Vec<Vec<u8>>,
    /// The price at each bucket, and whether it counts successes.
    costs: Vec<(f64, bool)>,
    /// The period in which each was taken, by the clock of the database.
    pub(super) periods: Vec<i64>,
    /// Whether the account is under attack from many addresses.
    pub is_attacked: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// The outcome is unknown, and the attempt counts.
    Unknown,
    /// It failed.
    Wrong,
    /// It succeeded.
    Right,
    /// It was not made.
    Withdrawn,
}

impl Consumed {
    /// Whether there is nothing to give back.
    pub(crate) fn is_nothing(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys of the buckets.
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    /// The same, to be given back later: until then the attempt counts, and nobody waits for it.
    pub(crate) fn counting(&self) -> Self {
        // No bucket has such a period, so what others hold is not taken for this attempt's.
        Self { periods: vec![i64::MIN; self.periods.len()], ..self.clone() }
    }

    /// How much each of them gets back.
    pub(super) fn back(&self, ending: AttemptOutcome) -> Vec<f64> {
        let is_back = |of_success: bool| match ending {
            AttemptOutcome::Unknown => false,
            AttemptOutcome::Wrong => of_success,
            AttemptOutcome::Right => !of_success,
            AttemptOutcome::Withdrawn => true,
        };
        self.costs.iter().map(|(cost, of_success)| if is_back(*of_success) { *cost } else { 0.0 }).collect()
    }
}
