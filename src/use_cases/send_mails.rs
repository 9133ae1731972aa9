//! Sending the mails of the outbox.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::mail::store::{self, Outcome, Taken};
use crate::mail::transport::{ATTEMPT, Refused};
use crate::mail::{Due, Locale};

/// How many mails an instance sends at the same time. A mail that takes long holds up none of the others.
const AT_ONCE: usize = 10;

/// How long a mail that was taken is left to this instance.
const LEASE: Duration = Duration::from_secs(150);

/// How long it is tried to mark what became of an attempt.
const MARKING: Duration = Duration::from_secs(30);

const _: () =
    assert!(ATTEMPT.as_secs() + MARKING.as_secs() < LEASE.as_secs(), "nobody else may take the mail meanwhile");

/// How long to wait after each attempt that failed. After the last one the mail is given up, thirteen hours after it was written.
const PAUSES: [Duration; 14] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(2 * 60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(20 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(3 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
];

/// The mails that this instance is sending, each in a task of its own. They are given up when this is dropped, and are due again
/// when their leases are over.
#[derive(Debug)]
pub struct Sending {
    app: Arc<App>,
    attempts: JoinSet<bool>,
    /// The mail and the number of each attempt.
    taken: HashMap<Id, (Uuid, i32)>,
}

impl Sending {
    /// It sends nothing yet.
    #[must_use]
    pub fn new(app: &Arc<App>) -> Self {
        Self { app: app.clone(), attempts: JoinSet::new(), taken: HashMap::new() }
    }

    /// Takes mails that are due, as many as there is room for, and begins to send them. Returns whether there may be more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is away.
    pub async fn take(&mut self) -> Result<bool, Error> {
        let room = AT_ONCE.saturating_sub(self.attempts.len());
        if self.app.mailer.is_none() || room == 0 {
            return Ok(room == 0);
        }
        let (now, most) = (self.app.clock.now(), i64::try_from(room).unwrap_or_default());
        let taken = self.app.db.run(async |connection| store::take(connection, most, LEASE, now).await).await?;
        let is_more = taken.len() == room;
        for mail in taken {
            let key = (mail.id, mail.attempt);
            let attempt = self.attempts.spawn(attempt(self.app.clone(), mail));
            self.taken.insert(attempt.id(), key);
        }
        Ok(is_more)
    }

    /// Waits for the end of an attempt. Returns whether the mail was sent, or `None` if none is being sent. It can be dropped
    /// while it waits.
    pub async fn next(&mut self) -> Option<bool> {
        let (id, is_sent) = match self.attempts.join_next_with_id().await? {
            Ok(ended) => ended,
            Err(error) => {
                let (id, error) = (error.id(), Error::from(error));
                tracing::error!(%error, "sending a mail was broken off, and is tried again");
                (id, false)
            }
        };
        self.taken.remove(&id);
        Some(is_sent)
    }

    /// Waits for the mails that are being sent. What is not sent within `grace` is given up, and due again at once.
    pub async fn finish(mut self, grace: Duration) {
        let all = async { while self.next().await.is_some() {} };
        if timeout(grace, all).await.is_ok() {
            return;
        }
        self.attempts.shutdown().await;
        let (left, now) = (self.taken.into_values().collect::<Vec<_>>(), self.app.clock.now());
        let released = self.app.db.run(async |connection| store::release(connection, &left, now).await).await;
        match released {
            Ok(()) => tracing::info!(mails = left.len(), "mails that were being sent are left to another instance"),
            Err(error) => {
                let (causes, at) = (error.causes(), error.at());
                tracing::warn!(%error, causes, at, "mails that were being sent are left until their leases are over");
            }
        }
    }
}

/// Sends the mails that are due, until none is left. Returns how many were sent.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. A mail that was accepted and could not be marked is sent again when its
/// lease is over, with the same `Message-ID`.
pub async fn send_mails(app: &Arc<App>) -> Result<usize, Error> {
    let mut sending = Sending::new(app);
    let (mut sent, mut is_more, mut outcome) = (0, true, Ok(()));
    loop {
        if is_more && outcome.is_ok() {
            match sending.take().await {
                Ok(more) => is_more = more,
                Err(error) => outcome = Err(error),
            }
        }
        match sending.next().await {
            Some(is_sent) => sent += usize::from(is_sent),
            None => return outcome.map(|()| sent),
        }
    }
}

/// Tries to send one mail, and marks what became of it. Returns whether it was sent. One that nobody gets is dropped.
async fn attempt(app: Arc<App>, mail: Taken) -> bool {
    let is_for_somebody = mail.recipient.is_some();
    let outcome = AssertUnwindSafe(send(&app, &mail)).catch_unwind().await;
    // The panic itself is in the log, and knows of no mail. It is an attempt like any that failed.
    let outcome = outcome.unwrap_or_else(|_| {
        tracing::error!(mail = %mail.id, kind = mail.kind, "the server failed while it sent a mail");
        Err(Refused::ForNow("the server failed while it sent this mail".to_owned()))
    });
    let is_unreached = matches!(outcome, Err(Refused::Unreached(_)));
    let now = app.clock.now();
    let pause = usize::try_from(mail.attempt).ok().and_then(|attempt| PAUSES.get(attempt.checked_sub(1)?));
    let outcome = match (&outcome, pause) {
        (Ok(()), _) => Outcome::Sent,
        (Err(Refused::ForNow(error) | Refused::Unreached(error)), Some(pause)) => {
            tracing::info!(mail = %mail.id, kind = mail.kind, attempt = mail.attempt, error, "a mail was not sent, and is tried again");
            Outcome::Again { due_at: now + *pause, error }
        }
        (Err(Refused::ForNow(error) | Refused::Unreached(error) | Refused::ForGood(error)), _) => {
            tracing::warn!(mail = %mail.id, kind = mail.kind, attempt = mail.attempt, error, "a mail was given up; `portcullis mail retry` tries it again");
            Outcome::GivenUp { error }
        }
    };
    if is_for_somebody {
        app.mail_counts.ended(&outcome, is_unreached);
    }
    let watch = Stopwatch::start();
    let key = (mail.id, mail.attempt);
    while let Err(error) = app.db.run(async |connection| store::mark(connection, key, &outcome, now).await).await {
        if watch.elapsed() > MARKING {
            let (causes, at) = (error.causes(), error.at());
            tracing::warn!(mail = %mail.id, %error, causes, at, "what became of a mail was not stored: it may be sent a second time");
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    is_for_somebody && matches!(outcome, Outcome::Sent)
}

async fn send(app: &App, mail: &Taken) -> Result<(), Refused> {
    let Some(recipient) = &mail.recipient else { return Ok(()) };
    let Some(mailer) = &app.mailer else { return Err(Refused::ForNow("no mail can be sent".to_owned())) };
    let content = mail.content.as_deref().and_then(|sealed| app.outbox.open(mail.id, sealed));
    let (Ok(kind), Some(locale), Some(content)) = (mail.kind.parse(), Locale::parse(&mail.locale), content) else {
        // An instance of the next release, or one that has the new secret already, can read it.
        let why = "it can't be read: another secret sealed it, or another version wrote it";
        return Err(Refused::ForNow(why.to_owned()));
    };
    // Nobody can use it any more, and what was written later must not wait for it.
    if content.link_expires_at.is_some_and(|expires_at| expires_at <= app.clock.now()) {
        return Err(Refused::ForGood("what it carries has expired".to_owned()));
    }
    let (id, written_at) = (mail.id, mail.created_at);
    mailer.send(&Due { id, kind, recipient, locale: &locale, content: &content, written_at }).await
}
