//! What makes a letter of a mail in the outbox, and hands it over.

use uuid::Uuid;

use super::templates::Templates;
use super::transport::{Letter, Mailbox, Refused, Transport};
use super::{Content, Kind, Locale, Rendered};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::config;
use crate::error::Error;

/// Words and a way. Copies share the connections to the mail server.
#[derive(Debug)]
pub(crate) struct Mailer {
    templates: Templates,
    transport: Transport,
}

/// A mail whose turn it is.
pub(crate) struct Due<'a> {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) recipient: &'a str,
    pub(crate) locale: &'a Locale,
    pub(crate) content: &'a Content,
    pub(crate) written_at: Timestamp,
}

impl Mailer {
    /// The mailer of these settings. `None` if mails can't be sent.
    ///
    /// # Errors
    /// What is wrong with the settings or the operator's templates, for the operator.
    pub(crate) fn new(config: &config::Mail) -> Result<Option<Self>, Error> {
        let templates = Templates::new(config)?;
        Ok(Transport::new(config)?.map(|transport| Self { templates, transport }))
    }

    /// The language of mails to somebody, which is told by the input of the operation, else by the client.
    pub(crate) fn locale(&self, input: Option<&str>, client: &Client) -> Locale {
        self.templates.choose(input, client.accept_language())
    }

    /// Sends a mail. Returns when the other side has accepted it.
    pub(crate) async fn send(&self, mail: &Due<'_>) -> Result<(), Refused> {
        let rendered = self.templates.render(mail.kind, mail.locale, mail.recipient, mail.content);
        // An operator can mend a template.
        let rendered: Rendered = rendered.map_err(|error| Refused::ForNow(error.to_string()))?;
        let letter =
            Letter { id: mail.id, recipient: mail.recipient, written_at: mail.written_at, rendered: &rendered };
        let code = mail.content.code.as_deref();
        // As people read it.
        let halves = code.and_then(|code| code.split_at_checked(4)).map(|(one, two)| format!("{one} {two}"));
        let secrets = [mail.content.link.as_deref(), code, halves.as_deref(), Some(mail.recipient)];
        self.transport.send(&letter).await.map_err(|refused| refused.without(secrets.into_iter().flatten()))
    }

    /// Closes connections that have not been used for a while.
    pub(crate) fn tidy(&self) {
        self.transport.tidy();
    }

    /// The mailbox that shows mails, if that is how they leave.
    pub(crate) fn mailbox(&self) -> Option<&Mailbox> {
        match &self.transport {
            Transport::Mailbox(mailbox) => Some(mailbox),
            Transport::Smtp(..) | Transport::Directory(..) => None,
        }
    }
}
