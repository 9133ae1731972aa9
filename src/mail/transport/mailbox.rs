//! A mailbox in memory, for whoever builds an application and has no mail server yet.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::Letter;
use crate::clock::Timestamp;
use crate::mail::Rendered;

/// How many mails are kept.
const CAPACITY: usize = 100;

/// The last mails.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<VecDeque<Delivered>>);

/// A mail in the mailbox.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The id of the mail.
    pub id: Uuid,
    /// The address that it went to.
    pub recipient: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// What it says.
    pub rendered: Rendered,
}

impl Mailbox {
    /// Keeps the mail, and forgets the oldest one if there are too many. Mails may come in another order than they were written.
    pub(super) fn put(&self, letter: &Letter<'_>) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.retain(|mail| mail.id != letter.id);
        mails.truncate(CAPACITY - 1);
        mails.push_front(Delivered {
            id: letter.id,
            recipient: letter.recipient.to_owned(),
            written_at: letter.written_at,
            rendered: letter.rendered.clone(),
        });
        mails.make_contiguous().sort_by_key(|mail| std::cmp::Reverse(mail.written_at));
    }

    /// The mails, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Delivered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
