//! Queries the database once for all streams of an instance.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::App;
use crate::error::Error;
use crate::revocations::{Position, Revocation};
use crate::use_cases::follow_revocations::{Now, Way, now};

/// Longest time without an event. Then the position is sent, even if nothing else is new. This is part of the
/// interface: a backend that receives nothing for three times as long has lost the stream.
pub(super) const BEAT: Duration = Duration::from_secs(2);

/// How many updates a stream may be behind. A stream that is further behind queries the database itself.
const BEHIND: usize = 256;

/// What the hub sends to the streams.
#[derive(Clone)]
pub(super) enum Told {
    /// The revocations since the last update.
    News(Arc<News>),
    /// There are too many revocations, or some may have been missed: each stream has to query the database itself.
    Gap,
}

/// New revocations.
pub(super) struct News {
    pub(super) revocations: Vec<Revocation>,
    /// The position of a stream that has sent these.
    pub(super) now: Now,
}

/// Queries the database when the feed reports a change and at every beat, and more often when the feed is lost. It
/// does nothing while there is no stream. It ends when dropped.
pub(super) struct Hub {
    told: broadcast::Sender<Told>,
    task: JoinHandle<()>,
}

impl Hub {
    pub(super) fn start(app: Arc<App>) -> Self {
        let told = broadcast::Sender::new(BEHIND);
        Self { task: tokio::spawn(look(app, told.clone())), told }
    }

    /// The updates from now on. A stream that queries the database after this call, and then receives updates, misses
    /// nothing.
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
        // This is read before the query, so that a change during the query causes another one.
        heard.borrow_and_update();
        if told.receiver_count() == 0 {
            seen = None;
            continue;
        }
        match news(&app, seen.take()).await {
            Ok((position, news)) => {
                seen = Some(position);
                waits = false;
                // There may be no stream any more.
                let _ = told.send(news);
            }
            // Nothing is sent, so that backends notice the silence. Afterwards each stream queries the database for
            // what it missed.
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
