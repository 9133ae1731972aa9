//! `portcullis mail`.

mod outbox;
mod preview;

use clap::Subcommand;

pub(crate) use outbox::Outbox;
pub(crate) use preview::Preview;

/// What can be done about mails.
#[derive(Clone, Subcommand)]
pub(crate) enum Mail {
    /// Show mails with invented content, in the words in which the server would send them. It needs no database, and tells what
    /// is wrong with the templates of PORTCULLIS_MAIL_TEMPLATES.
    Preview(Preview),
    #[command(flatten)]
    Outbox(Outbox),
}
