//! Reading the body of a request.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
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
    let body = whole(Limited::new(BoxBody::from(request.take_body()), app.config.graphql.max_body_bytes));
    tokio::select! {
        // In most cases the body has arrived already.
        biased;
        body = body => match body {
            Ok(body) => Ok(body),
            Err(error) if error.is::<LengthLimitError>() => Err(NoBody::TooLarge),
            Err(_) => Err(NoBody::Broken),
        },
        () = sleep(app.config.connections.body_timeout) => Err(NoBody::Slow),
        () = async { shutdown.told().await; sleep(CLOSING).await } => Err(NoBody::ShuttingDown),
    }
}

/// All of a body. A part of it, however small, keeps the buffer that it was read into, so many parts are copied. Poem's own way
/// copies each through a buffer that is a part of the future, and so of all futures around it.
async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, B::Error> {
    let mut first = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame?.into_data() else { continue };
        if first.is_empty() {
            first = part;
        } else {
            return rest(body, [first.as_ref(), part.as_ref()].concat()).await;
        }
    }
    Ok(first)
}

async fn rest<B: Body<Data = Bytes> + Unpin>(mut body: B, mut read: Vec<u8>) -> Result<Bytes, B::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(part) = frame?.into_data() {
            read.extend_from_slice(&part);
        }
    }
    Ok(read.into())
}
