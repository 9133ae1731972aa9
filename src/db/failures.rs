//! How often the database did not serve this instance.

use std::sync::atomic::{AtomicU64, Ordering};

use strum::{EnumCount, VariantNames};

use crate::error::Error;

/// What kept the answer away.
#[derive(Clone, Copy, strum::VariantNames, strum::EnumCount)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Failure {
    /// No connection could be opened.
    Unconnected,
    /// None became free in time.
    Queue,
    /// A statement was not answered in time.
    Timeout,
    /// The connection broke, or the server refused its service.
    Broken,
    /// The database takes no changes.
    ReadOnly,
}

/// How often each of them did.
#[derive(Default)]
pub(super) struct Failures([AtomicU64; Failure::COUNT]);

impl Failures {
    pub(super) fn count(&self, failure: Failure) {
        self.0[failure as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what a statement ended with, if it is the database's fault. The server cancels a statement that is late by itself, which
    /// may be heard of first.
    pub(super) fn count_error(&self, error: &Error, is_late: bool) {
        match error {
            Error::Unavailable(_) if is_late => self.count(Failure::Timeout),
            Error::Unavailable(_) => self.count(Failure::Broken),
            Error::ReadOnly(_) => self.count(Failure::ReadOnly),
            Error::Unauthenticated(_) | Error::Busy { .. } | Error::Disabled(_) | Error::Internal(_) => {}
        }
    }

    /// By name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        Failure::VARIANTS.iter().copied().zip(counts)
    }
}
