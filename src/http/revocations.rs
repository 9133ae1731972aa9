//! `GET /revocations`: whose access tokens are void, as a stream of server-sent events (HTML Standard, section 9.2).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::sse::{Event, SSE};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until};

use super::stopping::Stopping;
use super::viewer::credential;
use crate::app::App;
use crate::error::Error;
use crate::flows::follow_revocations::{Follower, News, follow};
use crate::revocations::{Position, Revocation};
use crate::sessions::feed::Heard;

/// Longest silence of a stream that has nothing to tell: then it tells its position. Part of the interface: a backend that hears
/// nothing for three times as long has lost the stream.
const BEAT: Duration = Duration::from_secs(2);

/// Most streams at a time. Each asks the database once a beat.
const STREAMS: usize = 256;

/// What a backend waits before it connects again, in milliseconds.
const RETRY: u64 = 500;

pub(super) struct Revocations {
    app: Arc<App>,
    stopping: Stopping,
    streams: Arc<Semaphore>,
}

impl Revocations {
    pub(super) fn new(app: Arc<App>, stopping: Stopping) -> Self {
        Self { app, stopping, streams: Arc::new(Semaphore::new(STREAMS)) }
    }

    async fn answer(&self, request: &Request) -> Result<Response, Response> {
        let seen = match request.header("last-event-id").filter(|position| !position.is_empty()) {
            Some(position) => Some(position.parse::<Position>().map_err(|_| {
                refusal(StatusCode::BAD_REQUEST, "Last-Event-ID is not the id of an event of this stream.\n")
            })?),
            None => None,
        };
        let follower = follow(&self.app, &credential(request), seen).await.map_err(|error| unavailable(&error))?;
        let follower = follower.ok_or_else(|| {
            let mut refusal = refusal(StatusCode::UNAUTHORIZED, "Send a service key: Authorization: Bearer pcs_...\n");
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            refusal
        })?;
        let permit = self.streams.clone().try_acquire_owned().map_err(|_| {
            let mut refusal = refusal(StatusCode::SERVICE_UNAVAILABLE, "Too many streams are open.\n");
            refusal.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            refusal
        })?;
        let telling = Telling {
            heard: self.app.feed.follow(),
            app: self.app.clone(),
            follower,
            stopping: self.stopping.clone(),
            events: VecDeque::from([Event::retry(RETRY)]),
            due: Instant::now(),
            _permit: permit,
        };
        Ok(SSE::new(telling.events()).into_response())
    }
}

impl Endpoint for Revocations {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(&request).await.unwrap_or_else(|refusal| refusal))
    }
}

/// One stream.
struct Telling {
    app: Arc<App>,
    follower: Follower,
    heard: watch::Receiver<Heard>,
    stopping: Stopping,
    /// To be sent.
    events: VecDeque<Event>,
    /// When to look even if nothing is heard.
    due: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Telling {
    fn events(self) -> impl Stream<Item = Event> {
        unfold(self, async |mut telling| {
            let event = telling.next().await?;
            Some((event, telling))
        })
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            tokio::select! {
                () = self.stopping.told() => return None,
                () = sleep_until(self.due) => {}
                changed = self.heard.changed() => changed.ok()?,
            }
            self.look().await?;
        }
    }

    /// Looks what is new. When the database is away nothing is sent, so that nobody takes silence for peace.
    async fn look(&mut self) -> Option<()> {
        // Before the look: what is heard during it asks for another.
        self.heard.borrow_and_update();
        match self.follower.news(&self.app).await {
            Ok(News::All(revocations, position)) => {
                self.events.extend(revocations.iter().map(event));
                self.events.push_back(Event::message("{}").event_type("position").id(position.as_str()));
            }
            Ok(News::Refused) => return None,
            Err(error) => tracing::warn!(%error, "a stream of revocations waits for the database"),
        }
        // Without the feed, looking is all there is.
        let pause = if self.app.feed.is_fresh() { BEAT } else { BEAT.min(self.app.config.feed_timeout) / 4 };
        self.due = Instant::now() + pause;
        Some(())
    }
}

fn event(revocation: &Revocation) -> Event {
    match revocation {
        Revocation::Session { id, at } => {
            Event::message(json!({ "sid": id.0, "revokedAt": at }).to_string()).event_type("session")
        }
        Revocation::Account { id, at } => {
            let issued_before = Revocation::issued_before(*at).timestamp();
            let data = json!({ "sub": id.0, "revokedAt": at, "issuedBefore": issued_before });
            Event::message(data.to_string()).event_type("account")
        }
    }
}

fn refusal(status: StatusCode, why: &'static str) -> Response {
    why.with_status(status).into_response()
}

fn unavailable(error: &Error) -> Response {
    tracing::error!(%error, "a stream of revocations can't begin");
    refusal(StatusCode::SERVICE_UNAVAILABLE, "The database is unavailable.\n")
}
