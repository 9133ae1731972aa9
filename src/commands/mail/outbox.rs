//! `portcullis mail list` and `portcullis mail retry`.

use clap::Subcommand;
use portcullis::StartError;
use portcullis::app::Operator;
use portcullis::use_cases::mails::{MailState, UnsentMail, list, retry};
use uuid::Uuid;

use crate::commands::time;
use crate::serve::Outcome;

/// What can be done to mails that were not sent.
#[derive(Clone, Subcommand)]
pub(crate) enum Outbox {
    /// List the mails that wait to be sent, and those that were given up, with what the mail server said.
    List,
    /// Send again what was given up: a mail, or all of them. A mail that waits for its next attempt is tried at once.
    Retry {
        /// The mail's id, as the list shows it.
        #[arg(required_unless_present = "all_failed", conflicts_with = "all_failed")]
        id: Option<Uuid>,
        /// All mails that were given up.
        #[arg(long)]
        all_failed: bool,
    },
}

impl Outbox {
    /// Does it. Returns what is to be said of it.
    pub(crate) async fn run(self, operator: &Operator<'_>) -> Outcome<String> {
        match self {
            Self::List => {
                let (mails, total) = list(operator).await.map_err(StartError::of)?;
                Ok(table(&mails, total))
            }
            Self::Retry { id, .. } => match (id, retry(operator, id).await.map_err(StartError::of)?) {
                (Some(id), 0) => {
                    Err(format!("no mail that was given up, or waits for another attempt, has the id {id}").into())
                }
                (None, 0) => Ok("No mail was given up.\n".to_owned()),
                (_, 1) => Ok("1 mail is due: a running server sends it.\n".to_owned()),
                (_, number) => Ok(format!("{number} mails are due: a running server sends them.\n")),
            },
        }
    }
}

fn table(mails: &[UnsentMail], total: i64) -> String {
    if mails.is_empty() {
        return "No mail waits, and none was given up.\n".to_owned();
    }
    let mut table = row(["ID", "KIND", "CREATED", "ATTEMPTS", "STATE", "RECIPIENT", "ERROR"]);
    for mail in mails {
        let state = match mail.state {
            MailState::Due(at) => format!("due {}", time(at)),
            MailState::Failed(at) => format!("failed {}", time(at)),
        };
        table += &row([
            &mail.id.to_string(),
            &mail.kind,
            &time(mail.created_at),
            &mail.attempts.to_string(),
            &state,
            &mail.recipient,
            mail.error.as_deref().unwrap_or("-"),
        ]);
    }
    let left = total - i64::try_from(mails.len()).unwrap_or(total);
    if left > 0 {
        table += &format!("... and {left} more.\n");
    }
    table
}

fn row([id, kind, created, attempts, state, recipient, error]: [&str; 7]) -> String {
    format!("{id:36}  {kind:20}  {created:20}  {attempts:8}  {state:27}  {recipient:30}  {error}\n")
}
