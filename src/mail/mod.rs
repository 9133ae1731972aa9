//! Mails: the outbox in the database, what a mail says, and the ways by which it leaves.
//!
//! A mail is a row that is written in the statement which makes it true. A background task sends it afterwards.

mod accept_language;
mod content;
mod counts;
mod locale;
mod mailer;
mod outbox;
mod purpose;
pub(crate) mod store;
pub(crate) mod templates;
pub(crate) mod transport;

pub use content::Kind;
pub(crate) use content::{Content, Device, Occasion};
pub(crate) use counts::Counts;
pub(crate) use locale::Locale;
pub(crate) use mailer::{Due, Mailer};
pub(crate) use outbox::{Mail, Outbox, Posting};
pub use purpose::Purpose;
pub use store::{State as MailState, Unsent as UnsentMail};
pub(crate) use templates::app_name;
pub use templates::{Preview, previews};
pub use transport::{Delivered, Mailbox};

/// What a mail says, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject: one line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}
