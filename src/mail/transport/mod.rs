//! The ways by which mails leave.

mod directory;
mod letter;
mod mailbox;
mod redacted;
mod smtp;

use std::sync::Arc;

use crate::config::{self, Sender};
use crate::error::Error;

use directory::Directory;
use letter::Formatted;
pub(crate) use letter::Letter;
pub use mailbox::{Delivered, Mailbox};
use redacted::{cut, redacted};
pub(crate) use smtp::ATTEMPT;
use smtp::Smtp;

/// A way by which mails leave.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// They are handed over to a mail server.
    Smtp(Sender, Arc<Smtp>),
    /// Each is a file in a directory.
    Directory(Sender, Directory),
    /// They are kept in memory and shown to whoever builds an application.
    Mailbox(Arc<Mailbox>),
}

/// Why a mail did not leave. The text is for the operator and has nothing of the mail's content.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It may leave later.
    ForNow(String),
    /// No mail leaves, whoever it is for. It may later.
    Unreached(String),
    /// It never will.
    ForGood(String),
}

impl Refused {
    /// The same without these secrets, which a mail server may have quoted.
    pub(crate) fn without<'a>(self, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        match self {
            Self::ForNow(text) => Self::ForNow(cut(redacted(&text, secrets))),
            Self::Unreached(text) => Self::Unreached(cut(redacted(&text, secrets))),
            Self::ForGood(text) => Self::ForGood(cut(redacted(&text, secrets))),
        }
    }
}

impl Transport {
    /// The transport of the settings. `None` if there is none.
    ///
    /// # Errors
    /// What is wrong with the settings, for the operator.
    pub(crate) fn new(config: &config::Mail) -> Result<Option<Self>, Error> {
        let from = config.from.clone();
        Ok(Some(match &config.way {
            config::MailWay::None => return Ok(None),
            config::MailWay::Smtp(server) => Self::Smtp(from, Arc::new(Smtp::new(server)?)),
            config::MailWay::Directory(path) => {
                let fault = |error| Error::internal(format!("PORTCULLIS_MAIL_DIR: {}: {error}", path.display()));
                Self::Directory(from, Directory::open(path).map_err(fault)?)
            }
            config::MailWay::Mailbox => Self::Mailbox(Arc::default()),
        }))
    }

    /// Hands the mail over. Returns when the other side has accepted it.
    pub(crate) async fn send(&self, letter: &Letter<'_>) -> Result<(), Refused> {
        let formatted = |from| letter.format(from).map_err(Refused::ForGood);
        match self {
            Self::Smtp(from, smtp) => smtp.send(&formatted(from)?).await,
            Self::Directory(from, directory) => directory.put(letter.id, formatted(from)?).await,
            Self::Mailbox(mailbox) => {
                mailbox.put(letter);
                Ok(())
            }
        }
    }

    /// Closes connections that have not been used for a while.
    pub(crate) fn tidy(&self) {
        if let Self::Smtp(_, smtp) = self {
            smtp.tidy();
        }
    }
}
