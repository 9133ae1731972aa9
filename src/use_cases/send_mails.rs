//! Sending the mails of the outbox.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::app::App;
use crate::error::Error;
use crate::mail::store::{self, Outcome, Taken};
use crate::mail::transport::Refused;
use crate::mail::{Due, Locale, Mailer};

/// How many mails are taken at once.
const BATCH: i64 = 10;

/// How long a mail that was taken is left to this instance. It is longer than any attempt to send one lasts.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// How long to wait after each attempt that failed. After the last one the mail is given up, eleven hours after it was
/// written.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(3 * 60 * 60),
    Duration::from_secs(4 * 60 * 60),
];

/// Sends the mails that are due, a batch at a time, until none is left. Returns how many were sent.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. A mail that was accepted and could not be marked is sent again when its
/// lease is over, with the same `Message-ID`.
pub async fn send_mails(app: &App) -> Result<usize, Error> {
    let Some(mailer) = &app.mailer else { return Ok(0) };
    let mut sent = 0;
    loop {
        let now = app.clock.now();
        let taken = app.db.run(async |connection| store::take(connection, BATCH, LEASE, now).await).await?;
        if taken.is_empty() {
            return Ok(sent);
        }
        let mut attempts: FuturesUnordered<_> = taken.iter().map(|mail| attempt(app, mailer, mail)).collect();
        while let Some(attempt) = attempts.next().await {
            sent += usize::from(attempt?);
        }
    }
}

/// Tries to send one mail, and marks what became of it. Returns whether it was sent.
async fn attempt(app: &App, mailer: &Mailer, mail: &Taken) -> Result<bool, Error> {
    let outcome = send(app, mailer, mail).await;
    let now = app.clock.now();
    let pause = usize::try_from(mail.attempt).ok().and_then(|attempt| PAUSES.get(attempt.checked_sub(1)?));
    let outcome = match (&outcome, pause) {
        (Ok(()), _) => Outcome::Sent,
        (Err(Refused::ForNow(error)), Some(pause)) => {
            tracing::warn!(mail = %mail.id, kind = mail.kind, attempt = mail.attempt, error, "a mail was not sent, and is tried again");
            Outcome::Again { due_at: now + *pause, error }
        }
        (Err(Refused::ForNow(error) | Refused::ForGood(error)), _) => {
            tracing::error!(mail = %mail.id, kind = mail.kind, attempt = mail.attempt, error, "a mail was given up");
            Outcome::GivenUp { error }
        }
    };
    app.db.run(async |connection| store::mark(connection, (mail.id, mail.attempt), &outcome, now).await).await?;
    Ok(matches!(outcome, Outcome::Sent))
}

async fn send(app: &App, mailer: &Mailer, mail: &Taken) -> Result<(), Refused> {
    let content = mail.content.as_deref().and_then(|sealed| app.outbox.open(mail.id, sealed));
    let (Ok(kind), Some(locale), Some(content)) = (mail.kind.parse(), Locale::parse(&mail.locale), content) else {
        let why = "it can't be read: another secret sealed it, or another version wrote it";
        return Err(Refused::ForGood(why.to_owned()));
    };
    let (id, recipient, written_at) = (mail.id, mail.recipient.as_str(), mail.created_at);
    mailer.send(&Due { id, kind, recipient, locale: &locale, content: &content, written_at }).await
}
