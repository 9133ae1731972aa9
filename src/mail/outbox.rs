//! The outbox: mails that are written with what makes them true.

use uuid::Uuid;

use super::{Content, Kind, Locale};
use crate::clock::{Timestamp, new_id};
use crate::config::Secret;
use crate::db::parameters;
use crate::error::{Error, OrInternal};
use crate::ids::AccountId;
use crate::sealing::{Purpose, Seals};

/// Seals what mails tell.
pub(crate) struct Outbox(Seals);

/// A mail to be written.
pub(crate) struct Mail<'a> {
    pub(crate) kind: Kind,
    /// The account that it is about. The mail goes when the account goes.
    pub(crate) account: Option<AccountId>,
    pub(crate) recipient: &'a str,
    pub(crate) locale: &'a Locale,
    pub(crate) content: &'a Content,
}

/// The parameters of a mail in the statement that writes it. No mail is written if there is no id, as by default.
#[derive(Clone, Default)]
pub(crate) struct Posting {
    mail: Option<Uuid>,
    mail_kind: &'static str,
    mail_account: Option<Uuid>,
    recipient: Option<String>,
    mail_locale: String,
    content: Vec<u8>,
}

parameters! {
    Posting {
        mail: Option<Uuid>,
        mail_kind: &'static str,
        mail_account: Option<Uuid>,
        recipient: Option<String>,
        mail_locale: String,
        content: Vec<u8>,
    }
}

impl Outbox {
    /// An outbox that seals with this secret.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        Seals::new(secret, previous, Purpose::Mails).map(Self)
    }

    /// The parameters of this mail.
    pub(crate) fn post(&self, mail: &Mail<'_>, now: Timestamp) -> Result<Posting, Error> {
        let id = new_id(now);
        Ok(Posting {
            mail: Some(id),
            mail_kind: mail.kind.as_str(),
            mail_account: mail.account.map(|account| account.0),
            recipient: Some(mail.recipient.to_owned()),
            mail_locale: mail.locale.as_str().to_owned(),
            content: self.0.seal(id, &serde_json::to_vec(mail.content).or_internal()?)?,
        })
    }

    /// Opens what a mail tells. `None` if another secret sealed it, or another version wrote it.
    pub(crate) fn open(&self, id: Uuid, sealed: &[u8]) -> Option<Content> {
        serde_json::from_slice(&self.0.open(id, sealed)?.plain).ok()
    }
}

impl Posting {
    /// No mail is written.
    pub(crate) fn unsent(self) -> Self {
        Self { mail: None, ..self }
    }

    /// The mail is written and dropped, so that asking for it takes as long as if somebody got it.
    pub(crate) fn for_nobody(self) -> Self {
        Self { recipient: None, ..self }
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outbox")
    }
}
