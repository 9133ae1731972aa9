//! Reading the body of a request.

use poem::Request;
use poem::error::ReadBodyError;
use tokio::time::sleep;

use super::stopping::{CLOSING, Stopping};
use crate::app::App;

/// Why there is no body.
pub(super) enum NoBody {
    /// It is over the limit.
    TooLarge,
    /// It did not arrive whole.
    Broken,
    /// It did not arrive in time.
    Slow,
    /// The server stops, and waits no longer.
    Stopping,
}

/// The whole body, if it arrives in time: in the time of the settings, or soon when the server is told to stop.
pub(super) async fn read(request: &mut Request, app: &App, stopping: &Stopping) -> Result<Vec<u8>, NoBody> {
    let body = request.take_body().into_bytes_limit(app.config.graphql.max_body_bytes);
    tokio::select! {
        // Mostly it is there already.
        biased;
        body = body => body.map(Into::into).map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => NoBody::TooLarge,
            _ => NoBody::Broken,
        }),
        () = sleep(app.config.connections.body_timeout) => Err(NoBody::Slow),
        () = async { stopping.told().await; sleep(CLOSING).await } => Err(NoBody::Stopping),
    }
}
