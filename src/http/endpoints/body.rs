//! Reading the body of a request.

use poem::Request;
use poem::error::ReadBodyError;
use tokio::time::sleep;

use crate::app::App;
use crate::http::shutdown::{CLOSING, Shutdown};

/// Why there is no body.
pub(crate) enum NoBody {
    /// It is over the limit.
    TooLarge,
    /// It did not arrive completely.
    Broken,
    /// It did not arrive in time.
    Slow,
    /// The server stops and does not wait for it.
    ShuttingDown,
}

/// The whole body, if it arrives within the time of the settings, or shortly after the server is told to stop.
pub(crate) async fn read(request: &mut Request, app: &App, shutdown: &Shutdown) -> Result<Vec<u8>, NoBody> {
    let body = request.take_body().into_bytes_limit(app.config.graphql.max_body_bytes);
    tokio::select! {
        // In most cases the body has arrived already.
        biased;
        body = body => body.map(Into::into).map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => NoBody::TooLarge,
            _ => NoBody::Broken,
        }),
        () = sleep(app.config.connections.body_timeout) => Err(NoBody::Slow),
        () = async { shutdown.told().await; sleep(CLOSING).await } => Err(NoBody::ShuttingDown),
    }
}
