//! What a server does that no request asks for: writing down uses, clearing away.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::error::Error;
use crate::flows::{clean_up, record_uses};

/// How long a use of a session waits to be written.
const USES: Duration = Duration::from_secs(10);

/// How often an instance asks for a turn at clearing away.
const CLEAN_UP: Duration = Duration::from_secs(60);

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
        tasks.spawn(every(USES, app.clone(), "writing when sessions were used", async |app| {
            record_uses::record_uses(app).await
        }));
        tasks.spawn(every(CLEAN_UP, app.clone(), "clearing away ended sessions", async |app| {
            let removed = clean_up::clean_up(app).await?;
            if removed > 0 {
                tracing::info!(removed, "cleared away sessions that ended long ago");
            }
            Ok(())
        }));
        Self { app: app.clone(), tasks }
    }

    /// Ends them, and writes what waits to be written.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = record_uses::record_uses(&self.app).await {
            tracing::warn!(%error, "the last uses of sessions were not written");
        }
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
            tracing::warn!(%error, "{what} failed, and is tried again");
        }
    }
}
