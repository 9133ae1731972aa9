//! Whether the process is alive, and whether it should get requests.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, IntoResponse, Request, Response, handler};

use crate::app::App;
use crate::error::Error;
use crate::http::shutdown::Shutdown;

/// `/health/live`: the process runs. It does not use the database, so that an outage of the database does not restart
/// the server.
#[handler]
pub(crate) fn live() -> &'static str {
    "live\n"
}

/// `/health/ready`: the database answers and takes changes, and the server is not told to stop.
pub(crate) struct Ready {
    app: Arc<App>,
    shutdown: Shutdown,
}

impl Ready {
    pub(crate) fn new(app: Arc<App>, shutdown: Shutdown) -> Self {
        Self { app, shutdown }
    }
}

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let unready = |why: &'static str| why.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
        if self.shutdown.is_told() {
            return Ok(unready("stopping\n"));
        }
        Ok(match self.app.db.ping().await {
            Ok(()) => "ready\n".into_response(),
            Err(Error::ReadOnly(_)) => unready("database read-only\n"),
            Err(_) => unready("database unavailable\n"),
        })
    }
}
