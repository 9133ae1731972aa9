//! The background tasks of a server: it maintains the keys, records the uses and the ends of sessions, and removes
//! what is old.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::use_cases::{clean_up, keys, record_endings, record_uses, remove_accounts, send_mails};

/// How often the uses of sessions are written.
const USES: Duration = Duration::from_secs(10);

/// How often an instance looks for ends of sessions to record, if nothing notifies it of one.
const ENDINGS: Duration = Duration::from_secs(10);

/// How often an instance asks for a turn at removing what is old.
const CLEAN_UP: Duration = Duration::from_secs(60);

/// How often an instance maintains the keys, even without a change of them.
const KEYS: Duration = Duration::from_secs(60);

/// How often an instance looks for mails that are due, if nothing reports one.
const MAILS: Duration = Duration::from_secs(5);

/// The same while the feed of changes is silent.
const MAILS_UNHEARD: Duration = Duration::from_millis(500);

/// Shortest time between two runs.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The tasks of one server. They end when dropped.
#[derive(Debug)]
pub struct Background {
    app: Arc<App>,
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts them.
    #[must_use]
    pub fn start(app: &Arc<App>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(look_after_keys(app.clone()));
        tasks.spawn(every(USES, app.clone(), "recording the uses of sessions", async |app| {
            record_uses::record_uses(app).await
        }));
        tasks.spawn(write_endings(app.clone()));
        tasks.spawn(send_mails(app.clone()));
        tasks.spawn(every(CLEAN_UP, app.clone(), "removing ended sessions", async |app| {
            let removed = clean_up::clean_up(app).await?;
            if removed > 0 {
                tracing::info!(removed, "removed sessions that ended long ago");
            }
            Ok(())
        }));
        Self { app: app.clone(), tasks }
    }

    /// Ends the tasks, and writes the uses that wait to be written.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = record_uses::record_uses(&self.app).await {
            tracing::warn!(%error, causes = error.causes(), at = error.at(), "the last uses of sessions were not recorded");
        }
    }
}

/// Maintains the keys once a minute, whenever the feed reports a change of them, and more often while the feed is
/// silent.
async fn look_after_keys(app: Arc<App>) {
    let mut heard = app.feed.follow();
    let mut failed = false;
    loop {
        let known = heard.borrow_and_update().keys;
        match keys::maintain(&app).await {
            Ok(()) => failed = false,
            Err(error) if failed => {
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "maintaining the keys still fails")
            }
            Err(error) => {
                failed = true;
                tracing::warn!(%error, causes = error.causes(), at = error.at(), "maintaining the keys failed, and will be tried again");
            }
        }
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
    let (mut failed, mut stuck) = (false, HashSet::new());
    loop {
        // Accounts are removed first, because nothing has to be recorded for them.
        let removed = remove_accounts::remove_accounts(&app, &mut stuck).await;
        match removed.and(record_endings::record_endings(&app).await) {
            Ok(_) => failed = false,
            Err(error) if failed => {
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "removing accounts, or recording the ends of sessions, still fails")
            }
            Err(error) => {
                failed = true;
                tracing::warn!(%error, causes = error.causes(), at = error.at(), "removing accounts, or recording the ends of sessions, failed, and will be tried again");
            }
        }
        sleep(AT_ONCE).await;
        let _ = timeout(ENDINGS, app.endings.notified()).await;
    }
}

/// Sends mails as soon as the feed reports that one was written, and from time to time those that have to be tried again.
async fn send_mails(app: Arc<App>) {
    let mut heard = app.feed.follow();
    let mut failed = false;
    loop {
        let known = heard.borrow_and_update().mails;
        match send_mails::send_mails(&app).await {
            Ok(_) => failed = false,
            Err(error) if failed => {
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "sending mails still fails")
            }
            Err(error) => {
                failed = true;
                tracing::warn!(%error, causes = error.causes(), at = error.at(), "sending mails failed, and will be tried again");
            }
        }
        let pause = if failed || app.feed.is_fresh() { MAILS } else { MAILS_UNHEARD };
        let _ = timeout(pause, heard.wait_for(|heard| heard.mails != known)).await;
    }
}

async fn every(
    period: Duration,
    app: Arc<App>,
    what: &'static str,
    mut work: impl AsyncFnMut(&App) -> Result<(), Error>,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = work(&app).await {
            tracing::warn!(%error, causes = error.causes(), at = error.at(), "{what} failed, and will be tried again");
        }
    }
}
