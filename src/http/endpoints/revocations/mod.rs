//! `GET /revocations`: which access tokens are void, as a stream of server-sent events (HTML Standard, section 9.2).

mod hub;
mod stream;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::unfold;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::web::sse::SSE;
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::sync::mpsc;

use crate::app::App;
use crate::http::endpoints::bearer_token::credential;
use crate::http::middleware::client_address::client;
use crate::http::shutdown::Shutdown;
use crate::revocations::Position;
use crate::use_cases::follow_revocations::{Reader, recognise};
use hub::Hub;
use stream::Stream;
use streams::Streams;

/// Events that wait for a slow reader.
const WAITING: usize = 64;

pub(super) struct Revocations {
    app: Arc<App>,
    shutdown: Shutdown,
    streams: Streams,
    hub: Hub,
}

impl Revocations {
    pub(super) fn new(app: Arc<App>, shutdown: Shutdown) -> Self {
        Self { hub: Hub::start(app.clone()), app, shutdown, streams: Streams::default() }
    }

    async fn answer(&self, request: &Request) -> Result<Response, Response> {
        if self.shutdown.is_told() {
            return Err(unavailable("The server is stopping.\n"));
        }
        let reader = recognise(&self.app, &credential(request.headers()), &client(request)).await.map_err(|error| {
            tracing::error!(%error, causes = error.causes(), at = error.at(), "a stream of revocations can't begin");
            unavailable("The database is unavailable.\n")
        })?;
        let key = match reader {
            Reader::Known(key) => key,
            Reader::Unknown => {
                let why = "Send a service key: Authorization: Bearer pcs_...\n";
                return Err(with(refusal(StatusCode::UNAUTHORIZED, why), header::WWW_AUTHENTICATE, "Bearer"));
            }
            Reader::Limited(wait) => return Err(limited(wait)),
        };
        let seen = match request.headers().get("last-event-id").filter(|position| !position.is_empty()) {
            Some(position) => position.to_str().ok().and_then(|position| position.parse().ok()).ok_or_else(|| {
                refusal(StatusCode::BAD_REQUEST, "Last-Event-ID is not the id of an event of this stream.\n")
            })?,
            None => Position::start(),
        };
        let place = self.streams.take(key).ok_or_else(|| unavailable("Too many streams are open.\n"))?;
        let (sender, events) = mpsc::channel(WAITING);
        let stream = Stream {
            app: self.app.clone(),
            key,
            seen,
            told: self.hub.listen(),
            shutdown: self.shutdown.clone(),
            events: sender,
        };
        tokio::spawn(stream.run());
        // The stream counts for as long as its connection is open. A client that reads nothing soon loses the
        // connection.
        let events = unfold((events, place), async |(mut events, place)| Some((events.recv().await?, (events, place))));
        Ok(with(SSE::new(events).into_response(), header::CACHE_CONTROL, "no-store, no-transform"))
    }
}

impl Endpoint for Revocations {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(&request).await.unwrap_or_else(|refusal| refusal))
    }
}

fn refusal(status: StatusCode, why: &'static str) -> Response {
    why.with_status(status).into_response()
}

fn with(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn limited(wait: Duration) -> Response {
    let seconds = HeaderValue::from(wait.as_secs().max(1));
    let mut response =
        refusal(StatusCode::TOO_MANY_REQUESTS, "Too many unknown service keys came from this address.\n");
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

fn unavailable(why: &'static str) -> Response {
    with(refusal(StatusCode::SERVICE_UNAVAILABLE, why), header::RETRY_AFTER, "5")
}
