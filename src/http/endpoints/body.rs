//! Reading the body of a request.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Bytes;
use poem::Request;
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
pub(crate) async fn read(request: &mut Request, app: &App, shutdown: &Shutdown) -> Result<Bytes, NoBody> {
    // Poem's own way copies it through a buffer that is a part of the future, and so of all futures around it.
    let body = Limited::new(BoxBody::from(request.take_body()), app.config.graphql.max_body_bytes).collect();
    tokio::select! {
        // In most cases the body has arrived already.
        biased;
        body = body => match body {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(NoBody::TooLarge),
            Err(_) => Err(NoBody::Broken),
        },
        () = sleep(app.config.connections.body_timeout) => Err(NoBody::Slow),
        () = async { shutdown.told().await; sleep(CLOSING).await } => Err(NoBody::ShuttingDown),
    }
}
