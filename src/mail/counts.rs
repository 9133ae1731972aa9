//! How many mails wait, and what became of those that this instance tried to send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use strum::{EnumCount, VariantNames};

use super::store::{Outcome, Waiting};

/// What became of an attempt to send a mail.
#[derive(Clone, Copy, strum::VariantNames, strum::EnumCount)]
#[strum(serialize_all = "snake_case")]
enum Ending {
    Sent,
    TriedAgain,
    /// As before, because no mail would have left, whoever it is for.
    Unreached,
    GivenUp,
}

/// What an instance knows of mails.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    attempts: [AtomicU64; Ending::COUNT],
    waiting: Mutex<Option<Waiting>>,
}

impl Counts {
    /// An attempt has ended. `is_unreached` if the mail server could not be used at all.
    pub(crate) fn ended(&self, outcome: &Outcome<'_>, is_unreached: bool) {
        let ending = match outcome {
            Outcome::Sent => Ending::Sent,
            Outcome::Again { .. } if is_unreached => Ending::Unreached,
            Outcome::Again { .. } => Ending::TriedAgain,
            Outcome::GivenUp { .. } => Ending::GivenUp,
        };
        self.attempts[ending as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The mails that wait, as they were counted now.
    pub(crate) fn wait(&self, waiting: Waiting) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(waiting);
    }

    /// The mails that waited when they were last counted, if they are counted.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many attempts ended so.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.attempts.iter().map(|count| count.load(Ordering::Relaxed));
        Ending::VARIANTS.iter().copied().zip(counts)
    }
}
