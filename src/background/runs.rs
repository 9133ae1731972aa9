//! What is told of the runs of a background task.

use std::sync::Arc;

use crate::app::{App, Task};
use crate::error::Error;

/// Tells how the runs of one task end: to the log, and to the metrics.
pub(super) struct Runs {
    app: Arc<App>,
    task: Task,
    /// What it does, for the log.
    what: &'static str,
    has_failed: bool,
}

impl Runs {
    /// The task is started.
    pub(super) fn of(app: &Arc<App>, task: Task, what: &'static str) -> Self {
        app.tasks.is_well(task, app.clock.now());
        Self { app: app.clone(), task, what, has_failed: false }
    }

    /// The instance.
    pub(super) fn app(&self) -> &App {
        &self.app
    }

    /// A run has ended. A warning is logged of the first of several that fail. `None` if it failed.
    pub(super) fn ended<T>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        let (app, what) = (&self.app, self.what);
        match outcome {
            Ok(done) => {
                app.tasks.is_well(self.task, app.clock.now());
                self.has_failed = false;
                Some(done)
            }
            Err(error) => {
                app.tasks.failed(self.task);
                let (causes, at) = (error.causes(), error.at());
                match self.has_failed {
                    true => tracing::debug!(%error, causes, at, "{what} still fails"),
                    false => tracing::warn!(%error, causes, at, "{what} failed, and will be tried again"),
                }
                self.has_failed = true;
                None
            }
        }
    }

    /// Whether the last run failed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }
}
