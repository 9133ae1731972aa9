//! Attempts at the account of a flow.

use super::attempt::price;
use super::key::Key;
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::db::parameters;

/// An attempt at an account that only the statement finds which charges it, by the token of a flow. The statement completes the keys of
/// the buckets. Its answer is read by the [`Attempt`](super::Attempt) at the account.
pub(crate) struct FlowAttempt {
    /// The text of a bucket of which the statement tells when it was full.
    counter: Option<Vec<u8>>,
    steps: Vec<i32>,
    /// What is hashed to the keys.
    texts: Vec<Vec<u8>>,
    /// Whether the account's id comes at the end of it.
    of_account: Vec<bool>,
    costs: Vec<f64>,
    bursts: Vec<f64>,
    now: Timestamp,
    holding: bool,
}

parameters! {
    FlowAttempt {
        counter: Option<Vec<u8>>,
        steps: Vec<i32>,
        texts: Vec<Vec<u8>>,
        of_account: Vec<bool>,
        costs: Vec<f64>,
        bursts: Vec<f64>,
        now: Timestamp,
        holding: bool,
    }
}

impl FlowAttempt {
    pub(super) fn new(now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> Self {
        let (texts, of_account, costs, bursts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut attempt =
            Self { counter: None, steps: Vec::new(), texts, of_account, costs, bursts, now, holding: true };
        for (step, key, rate) in steps {
            let ((text, of_account), (cost, burst)) = (key.unfinished(), price(rate));
            attempt.steps.push(step);
            attempt.texts.push(text);
            attempt.of_account.push(of_account);
            attempt.costs.push(cost);
            attempt.bursts.push(burst);
        }
        attempt
    }

    /// Asks when this bucket, which is the account's, was full.
    pub(super) fn telling_of(self, counter: Key) -> Self {
        Self { counter: Some(counter.unfinished().0), ..self }
    }
}
