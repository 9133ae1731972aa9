//! The ways by which mails leave.

mod mailbox;

use std::sync::Arc;

use uuid::Uuid;

use super::Rendered;
use crate::clock::Timestamp;
use crate::config;
use crate::error::Error;

pub use mailbox::{Delivered, Mailbox};

/// A way by which mails leave.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// They are kept in memory and shown to whoever builds an application.
    Mailbox(Arc<Mailbox>),
}

/// A mail on its way.
pub(crate) struct Letter<'a> {
    /// The id of the mail. Its `Message-ID` is made of it, so that a repeat is seen as one.
    pub(crate) id: Uuid,
    pub(crate) recipient: &'a str,
    /// When it was written.
    pub(crate) written_at: Timestamp,
    pub(crate) rendered: &'a Rendered,
}

/// Why a mail did not leave. The text is for the operator and has nothing of the mail's content.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It may leave later.
    ForNow(String),
    /// It never will.
    ForGood(String),
}

impl Transport {
    /// The transport of the settings. `None` if there is none.
    ///
    /// # Errors
    /// What is wrong with the settings, for the operator.
    pub(crate) fn new(config: &config::Mail) -> Result<Option<Self>, Error> {
        Ok(match config.way {
            config::MailWay::None => None,
            _ => Some(Self::Mailbox(Arc::default())),
        })
    }

    /// Hands the mail over. Returns when the other side has accepted it.
    pub(crate) async fn send(&self, letter: &Letter<'_>) -> Result<(), Refused> {
        match self {
            Self::Mailbox(mailbox) => mailbox.put(letter),
        }
        Ok(())
    }
}
