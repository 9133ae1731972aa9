//! One look at the database for all streams of an instance.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::App;
use crate::error::Error;
use crate::revocations::{Position, Revocation};
use crate::use_cases::follow_revocations::{Now, Way, now};

/// Longest silence: then the position is told, even if nothing else is new. Part of the interface: a backend that hears nothing
/// for three times as long has lost the stream.
pub(super) const BEAT: Duration = Duration::from_secs(2);

/// News that a stream may be behind. One that is further behind looks for itself.
const BEHIND: usize = 256;

/// What streams are told.
#[derive(Clone)]
pub(super) enum Told {
    /// What is new since the last time.
    News(Arc<News>),
    /// That there is too much of it, or something may have been missed: look for yourself.
    Gap,
}

/// What is new.
pub(super) struct News {
    pub(super) revocations: Vec<Revocation>,
    /// Where a stream is that has told these.
    pub(super) now: Now,
}

/// Looks when the feed tells of a change, and every beat; without the feed more often. While nobody listens it does nothing.
/// It ends when dropped.
pub(super) struct Hub {
    told: broadcast::Sender<Told>,
    task: JoinHandle<()>,
}

impl Hub {
    pub(super) fn start(app: Arc<App>) -> Self {
        let told = broadcast::Sender::new(BEHIND);
        Self { task: tokio::spawn(look(app, told.clone())), told }
    }

    /// What is told from now on. Whoever looks for himself after this call, and then listens, misses nothing.
    pub(super) fn listen(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(app: Arc<App>, told: broadcast::Sender<Told>) {
    let mut heard = app.feed.follow();
    let mut seen: Option<Position> = None;
    let mut waits = false;
    loop {
        let pause = if app.feed.is_fresh() { BEAT } else { BEAT.min(app.config.feed_timeout) / 4 };
        let _ = timeout(pause, heard.changed()).await;
        // Before the look: what is heard during it asks for another.
        heard.borrow_and_update();
        if told.receiver_count() == 0 {
            seen = None;
            continue;
        }
        match news(&app, seen.take()).await {
            Ok((position, news)) => {
                seen = Some(position);
                waits = false;
                // Nobody may listen any more.
                let _ = told.send(news);
            }
            // Nothing is told, so that nobody takes silence for peace; and what is between is for the streams to look up.
            Err(error) if waits => {
                tracing::debug!(%error, causes = error.causes(), at = error.at(), "the streams of revocations still wait")
            }
            Err(error) => {
                waits = true;
                tracing::warn!(%error, causes = error.causes(), at = error.at(), "the streams of revocations wait for the database");
            }
        }
    }
}

async fn news(app: &App, seen: Option<Position>) -> Result<(Position, Told), Error> {
    let now = now(app).await?;
    let position = now.position.clone();
    let Some(seen) = seen else { return Ok((position, Told::Gap)) };
    let (revocations, rest) = Way::new(seen, position.clone()).walk(app).await?;
    Ok((position, if rest.is_some() { Told::Gap } else { Told::News(Arc::new(News { revocations, now })) }))
}
