//! The background tasks of a server: it maintains the keys, records the uses and the ends of sessions, and removes
//! what is old.

mod runs;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::app::{App, Task};
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::mail::Mailer;
use crate::use_cases::send_mails::Sending;
use crate::use_cases::{clean_up, count_mails, keys, record_endings, record_uses, remove_accounts, reseal_totps};
use runs::Runs;

/// How often the uses of sessions are written.
const USES: Duration = Duration::from_secs(10);

/// How often an instance looks for ends of sessions to record, if nothing notifies it of one.
const ENDINGS: Duration = Duration::from_secs(10);

/// How often an instance asks for a turn at removing what is old.
const CLEAN_UP: Duration = Duration::from_secs(60);

/// How often durations are put into their buckets.
const TIDY: Duration = Duration::from_secs(5);

/// How often an instance maintains the keys, even without a change of them.
const KEYS: Duration = Duration::from_secs(60);

/// How often an instance looks for mails that are due, if nothing reports one.
const MAILS: Duration = Duration::from_secs(5);

/// The same while the feed of changes is silent.
const MAILS_WITHOUT_FEED: Duration = Duration::from_millis(500);

/// How often the mails that wait are counted.
const MAIL_COUNT: Duration = Duration::from_secs(15);

/// How long a stop waits for mails that are being sent.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// How long writing the last uses of sessions may take when the server stops.
const LAST_USES: Duration = Duration::from_secs(5);

/// The pause before secrets are sealed anew again, if that failed.
const RESEALING: Duration = Duration::from_secs(10);

/// Shortest time between two runs.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The tasks of one server. They end when dropped.
#[derive(Debug)]
pub struct Background {
    app: Arc<App>,
    tasks: JoinSet<()>,
    /// Ends by itself when it is told to stop.
    mails: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Background {
    /// Starts them.
    #[must_use]
    pub fn start(app: &Arc<App>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(look_after_keys(app.clone()));
        tasks.spawn(every(USES, Runs::of(app, Task::SessionUses, "recording the uses of sessions"), async |app| {
            record_uses::record_uses(app).await
        }));
        tasks.spawn(write_endings(app.clone()));
        if app.metrics.is_on() {
            tasks.spawn(tidy_metrics(app.clone()));
        }
        if app.metrics.is_on() && app.mailer.is_some() {
            let runs = Runs::of(app, Task::MailCount, "counting the mails that wait");
            tasks.spawn(every(MAIL_COUNT, runs, async |app| count_mails::count_mails(app).await));
        }
        tasks.spawn(every(CLEAN_UP, Runs::of(app, Task::CleanUp, "removing ended sessions"), async |app| {
            let removed = clean_up::clean_up(app).await?;
            if removed > 0 {
                tracing::info!(removed, "removed sessions that ended long ago");
            }
            Ok(())
        }));
        if app.config.secret_previous.is_some() {
            tasks.spawn(reseal_totps(app.clone()));
        }
        let mails = app.mailer.is_some().then(|| {
            let (stop, stopped) = watch::channel(false);
            (stop, tokio::spawn(send_mails(app.clone(), stopped)))
        });
        Self { app: app.clone(), tasks, mails }
    }

    /// Ends the tasks, waits a moment for mails that are being sent, and writes the uses that wait to be written.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Some((stop, mails)) = self.mails.take() {
            stop.send_replace(true);
            _ = mails.await;
        }
        match timeout(LAST_USES, record_uses::record_uses(&self.app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, causes = error.causes(), at = error.at(), "the last uses of sessions were not recorded");
            }
            Err(_) => tracing::warn!("the last uses of sessions were not all recorded: the database is slow"),
        }
    }
}

/// Maintains the keys once a minute, whenever the feed reports a change of them, and more often while the feed is
/// silent.
async fn look_after_keys(app: Arc<App>) {
    let mut heard = app.feed.follow();
    let mut runs = Runs::of(&app, Task::Keys, "maintaining the keys");
    loop {
        let known = heard.borrow_and_update().keys;
        runs.ended(keys::maintain(&app).await);
        // The pause is there because anybody who may connect to the database can send such a notification.
        sleep(AT_ONCE).await;
        let looked = Stopwatch::start();
        loop {
            let changed = timeout(app.config.feed_timeout / 4, heard.wait_for(|heard| heard.keys != known)).await;
            let silent = !app.feed.is_fresh() && looked.elapsed() >= app.config.feed_timeout / 2;
            if changed.is_ok() || silent || looked.elapsed() >= KEYS {
                break;
            }
        }
    }
}

/// Records ends of sessions and removes accounts: as soon as this instance has ended all sessions of an account or
/// deleted one, and from time to time for what other instances have left.
async fn write_endings(app: Arc<App>) {
    let mut runs = Runs::of(&app, Task::Endings, "removing accounts, or recording the ends of sessions,");
    let mut stuck = HashSet::new();
    loop {
        // Accounts are removed first, because nothing has to be recorded for them.
        let removed = remove_accounts::remove_accounts(&app, &mut stuck).await;
        runs.ended(removed.and(record_endings::record_endings(&app).await));
        sleep(AT_ONCE).await;
        let _ = timeout(ENDINGS, app.endings.notified()).await;
    }
}

/// Seals the secrets of authenticator apps anew, once.
async fn reseal_totps(app: Arc<App>) {
    let mut runs = Runs::of(&app, Task::Resealing, "sealing the secrets of authenticator apps anew");
    loop {
        if let Some(resealed) = runs.ended(reseal_totps::reseal_totps(&app).await) {
            return tracing::info!(resealed, "PORTCULLIS_SECRET seals the secrets of all authenticator apps");
        }
        sleep(RESEALING).await;
    }
}

/// Sends mails as soon as the feed reports that one was written, and from time to time those that have to be tried again. A mail
/// that takes long holds up none of the others.
async fn send_mails(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut heard = app.feed.follow();
    let mut sending = Sending::new(&app);
    let mut runs = Runs::of(&app, Task::Mails, "sending mails");
    loop {
        let known = heard.borrow_and_update().mails;
        let is_more = runs.ended(sending.take().await).unwrap_or(false);
        let pause = if runs.has_failed() || app.feed.is_fresh() { MAILS } else { MAILS_WITHOUT_FEED };
        let woken = timeout(pause, heard.wait_for(|heard| heard.mails != known));
        tokio::select! {
            _ = woken => {}
            () = room(&mut sending, is_more) => {}
            // It is also told when the instance is dropped without a stop.
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
        app.mailer.iter().for_each(Mailer::tidy);
    }
    sending.finish(STOP_GRACE).await;
}

/// Waits for the ends of attempts: for the next one if more mails wait for room.
async fn room(sending: &mut Sending, is_more: bool) {
    loop {
        match sending.next().await {
            Some(_) if is_more => return,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

/// Puts durations into their buckets.
async fn tidy_metrics(app: Arc<App>) {
    let mut ticks = interval(TIDY);
    loop {
        ticks.tick().await;
        app.metrics.tidy();
    }
}

async fn every(period: Duration, mut runs: Runs, mut work: impl AsyncFnMut(&App) -> Result<(), Error>) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = work(runs.app()).await;
        runs.ended(outcome);
    }
}
