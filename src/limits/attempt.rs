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
}

impl Attempt {
    pub(super) fn new(now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Self {
        let mut attempt = Self::free(now);
        for (step, key, rate) in steps {
            attempt.steps.push(step);
            attempt.keys.push(key.finish());
            attempt.costs.push(rate.interval().as_secs_f64());
            attempt.bursts.push(rate.period.as_secs_f64());
        }
        attempt
    }

    /// One that takes nothing and is always allowed.
    #[must_use]
    pub fn free(now: Timestamp) -> Self {
        Self { steps: Vec::new(), keys: Vec::new(), costs: Vec::new(), bursts: Vec::new(), now }
    }

    /// What became of it, by what the database answered: `wait` in seconds if it is refused, else the keys of what was taken.
    pub(crate) fn verdict(&self, wait: Option<f64>, taken: Vec<Vec<u8>>) -> Verdict {
        match wait {
            Some(wait) => Verdict::Refused { retry_after: Duration::from_secs_f64(wait.clamp(1.0, 86_400.0)) },
            None => {
                let cost =
                    |key: &Vec<u8>| self.keys.iter().position(|other| other == key).map(|place| self.costs[place]);
                let (keys, costs) = taken.into_iter().filter_map(|key| cost(&key).map(|cost| (key, cost))).unzip();
                Verdict::Allowed(Taken { keys, costs })
            }
        }
    }
}

/// Whether an attempt may be made.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It may.
    Allowed(Taken),
    /// There were too many.
    Refused {
        /// When it may be made, unless others are made before. A second at the least.
        retry_after: Duration,
    },
}

/// What an attempt took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) costs: Vec<f64>,
}

impl Taken {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.costs.extend(other.costs);
        self
    }
}
