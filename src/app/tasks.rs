//! How the background tasks of an instance fare.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use strum::{EnumCount, VariantNames};

use crate::clock::Timestamp;

/// A background task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantNames, strum::EnumCount)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Task {
    /// It reads the keys again, makes new ones and removes old ones.
    Keys,
    /// It writes when sessions were used.
    SessionUses,
    /// It removes deleted accounts, and records the ends of sessions.
    Endings,
    /// It removes what ended long ago.
    CleanUp,
    /// It seals the secrets of authenticator apps anew, once.
    Resealing,
    /// It sends mails.
    Mails,
    /// It counts the mails that wait.
    MailCount,
}

/// How each of them fares.
#[derive(Debug, Default)]
pub(crate) struct Tasks([Record; Task::COUNT]);

#[derive(Debug, Default)]
struct Record {
    /// When it last succeeded, or else was started, in seconds of Unix time. Never, if it does not run here.
    succeeded: AtomicI64,
    failures: AtomicU64,
}

/// A task that runs here.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    /// In seconds of Unix time.
    pub(crate) succeeded: i64,
    pub(crate) failures: u64,
}

impl Tasks {
    /// It is started, or a run of it has succeeded.
    pub(crate) fn is_well(&self, task: Task, now: Timestamp) {
        self.0[task as usize].succeeded.store(now.timestamp(), Ordering::Relaxed);
    }

    /// A run of it has failed.
    pub(crate) fn failed(&self, task: Task) {
        self.0[task as usize].failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Those that run here.
    pub(crate) fn running(&self) -> impl Iterator<Item = Running> {
        let all = Task::VARIANTS.iter().zip(&self.0).map(|(name, record)| Running {
            name,
            succeeded: record.succeeded.load(Ordering::Relaxed),
            failures: record.failures.load(Ordering::Relaxed),
        });
        all.filter(|task| task.succeeded != 0)
    }
}
