//! What an attempt takes.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};

use crate::clock::Timestamp;
use crate::config::Rate;

/// Bytes of a key: enough that nobody finds two things with the same.
const KEY_BYTES: usize = 16;

/// What a bucket is for, as a hash: keys are all of a length, and a stolen table names nobody who is not known.
pub(super) struct Key(Context);

impl Key {
    pub(super) fn new(kind: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(kind.as_bytes());
        Self(context)
    }

    /// Each part has its length before it, so that no two lists of parts are the same bytes.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn network(self, network: Option<IpAddr>) -> Self {
        match network {
            Some(IpAddr::V4(address)) => self.bytes(&address.octets()),
            Some(IpAddr::V6(address)) => self.bytes(&address.octets()),
            None => self.bytes(&[]),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref()[..KEY_BYTES].to_vec()
    }
}

/// An attempt, and from which buckets it takes one: from one of each step, in their order.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) steps: Vec<i32>,
    pub(super) keys: Vec<Vec<u8>>,
    /// In seconds of a bucket's inflow.
    pub(super) costs: Vec<f64>,
    /// How much a bucket holds, in seconds of its inflow.
    pub(super) bursts: Vec<f64>,
    pub(super) now: Timestamp,
    /// Those of the steps that are about an account, whoever tries.
    of_account: &'static [i32],
    /// The one that counts what is right; all others count what is wrong.
    of_success: Option<i32>,
    /// The bucket that is taken from only while an account is under attack.
    alarm: Option<Vec<u8>>,
    /// Whether what it takes is given back when it turns out to be right.
    pub(super) holding: bool,
}

impl Attempt {
    pub(super) fn new(now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Self {
        let mut attempt = Self::free(now);
        for (step, key, rate) in steps {
            attempt.steps.push(step);
            attempt.keys.push(key.finish());
            // In whole microseconds, as PostgreSQL counts, and never more than there is room for.
            attempt.costs.push((rate.interval().as_micros() as f64) / 1e6);
            attempt.bursts.push(rate.period.as_secs_f64());
        }
        attempt
    }

    /// One that takes nothing and is always allowed.
    #[must_use]
    pub fn free(now: Timestamp) -> Self {
        let (steps, keys, costs, bursts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { steps, keys, costs, bursts, now, of_account: &[], of_success: None, alarm: None, holding: false }
    }

    /// The same, with what its steps tell of an account: these are about it, and the last bucket of the last of them is for when it is
    /// under attack.
    pub(super) fn telling(self, of_account: &'static [i32]) -> Self {
        let alarm = self.keys_of(of_account.last().copied()).pop();
        Self { of_account, alarm, ..self }
    }

    /// The same, and this step counts what is right.
    pub(super) fn counting_success(self, step: i32) -> Self {
        Self { of_success: Some(step), ..self }
    }

    /// The same, of which it is not known yet whether it counts: until it is settled others may wait for what it gives back.
    pub(super) fn held(self) -> Self {
        Self { holding: true, ..self }
    }

    /// What became of it, by what the database answered: `wait` in seconds and the step if it is refused, else the keys of what was
    /// taken, and in which period.
    pub(super) fn verdict(
        &self,
        wait: Option<f64>,
        refused: Option<i32>,
        taken: impl Iterator<Item = (Vec<u8>, i64)>,
        contended: bool,
    ) -> Decision {
        match wait {
            Some(wait) => Decision::Refused(Refusal {
                retry_after: Duration::from_secs_f64(wait.clamp(1.0, 86_400.0)),
                of_account: refused.is_some_and(|step| self.of_account.contains(&step)),
                of_guesses: !contended && refused != self.of_success,
                contended: if contended { self.keys_of(refused) } else { Vec::new() },
            }),
            None => {
                let mut all = Consumed::default();
                for (key, period) in taken {
                    let Some(place) = self.keys.iter().position(|other| *other == key) else { continue };
                    all.is_attacked |= self.alarm.as_ref() == Some(&key);
                    all.costs.push((self.costs[place], self.of_success == Some(self.steps[place])));
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

/// Whether an attempt may be made.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It may.
    Allowed(Consumed),
    /// There were too many.
    Refused(Refusal),
}

/// Why an attempt may not be made.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// When it may be made, unless others are made before. A second at the least.
    pub retry_after: Duration,
    /// Whether there were too many tries at the account, and not just from the address.
    pub of_account: bool,
    /// Whether it was attempts that came to nothing that were too many: not if they may still be right, or were.
    pub(crate) of_guesses: bool,
    /// The buckets that would have had to hold enough, if something of theirs is held by attempts whose outcome is not known yet.
    pub(crate) contended: Vec<Vec<u8>>,
}

/// What an attempt took.
#[derive(Clone, Debug, Default)]
pub struct Consumed {
    pub(super) keys: Vec<Vec<u8>>,
    /// What each cost, and whether it counts what is right.
    costs: Vec<(f64, bool)>,
    /// In which period, by the clock of the database, each was taken.
    pub(super) periods: Vec<i64>,
    /// Whether the account is being tried by many.
    pub is_attacked: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// Nobody knows, and all that it took is paid for.
    Unknown,
    /// It was made in vain.
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

    /// The buckets.
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
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
