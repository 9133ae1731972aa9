//! `GET /revocations`: whose access tokens are void, as a stream of server-sent events (HTML Standard, section 9.2).

mod hub;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::sse::{Event, SSE};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::sleep;

use super::stopping::Stopping;
use super::viewer::credential;
use crate::app::App;
use crate::error::Error;
use crate::flows::follow_revocations::{News, news_since, recognise};
use crate::revocations::{Position, Revocation};
use crate::tokens::service::ServiceKeyId;
use hub::{BEAT, Hub, Told};

/// Most streams at a time.
const STREAMS: usize = 256;

/// What a backend waits before it connects again, in milliseconds.
const RETRY: u64 = 500;

pub(super) struct Revocations {
    app: Arc<App>,
    stopping: Stopping,
    streams: Arc<Semaphore>,
    hub: Hub,
}

impl Revocations {
    pub(super) fn new(app: Arc<App>, stopping: Stopping) -> Self {
        Self { hub: Hub::start(app.clone()), app, stopping, streams: Arc::new(Semaphore::new(STREAMS)) }
    }

    async fn answer(&self, request: &Request) -> Result<Response, Response> {
        let key = recognise(&self.app, &credential(request)).await.map_err(|error| unavailable(&error))?;
        let key = key.ok_or_else(|| {
            let refusal = refusal(StatusCode::UNAUTHORIZED, "Send a service key: Authorization: Bearer pcs_...\n");
            with(refusal, header::WWW_AUTHENTICATE, "Bearer")
        })?;
        let seen = match request.header("last-event-id").filter(|position| !position.is_empty()) {
            Some(position) => position.parse().map_err(|_| {
                refusal(StatusCode::BAD_REQUEST, "Last-Event-ID is not the id of an event of this stream.\n")
            })?,
            None => Position::start(),
        };
        let permit = self.streams.clone().try_acquire_owned().map_err(|_| {
            let refusal = refusal(StatusCode::SERVICE_UNAVAILABLE, "Too many streams are open.\n");
            with(refusal, header::RETRY_AFTER, "5")
        })?;
        let told = self.hub.listen();
        let mut stream = Telling {
            app: self.app.clone(),
            key,
            seen,
            told,
            stopping: self.stopping.clone(),
            events: VecDeque::from([Event::retry(RETRY)]),
            _permit: permit,
        };
        stream.catch_up().await.map_err(|error| unavailable(&error))?;
        Ok(with(SSE::new(stream.events()).into_response(), header::CACHE_CONTROL, "no-store"))
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
    key: ServiceKeyId,
    /// What has been told.
    seen: Position,
    told: broadcast::Receiver<Told>,
    stopping: Stopping,
    /// To be sent.
    events: VecDeque<Event>,
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
            let told = tokio::select! {
                () = self.stopping.told() => return None,
                told = self.told.recv() => told,
            };
            match told {
                Ok(Told::News(news)) => self.tell(&news)?,
                Ok(Told::Gap) | Err(RecvError::Lagged(_)) => {
                    while self.catch_up().await.is_err() {
                        sleep(BEAT).await;
                    }
                    self.events.front()?;
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Looks for itself.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let news = news_since(&self.app, &self.seen).await?;
        let _ = self.tell(&news);
        Ok(())
    }

    /// `None` if the service key was revoked.
    fn tell(&mut self, news: &News) -> Option<()> {
        if !news.is_for(self.key) {
            return None;
        }
        self.seen = news.position.clone();
        self.events.extend(news.revocations.iter().map(event));
        self.events.push_back(Event::message("{}").event_type("position").id(news.position.as_str()));
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

fn with(mut response: Response, name: header::HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn unavailable(error: &Error) -> Response {
    tracing::error!(%error, "a stream of revocations can't begin");
    refusal(StatusCode::SERVICE_UNAVAILABLE, "The database is unavailable.\n")
}
