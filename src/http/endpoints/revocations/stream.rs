//! One stream. It turns updates into events, as fast as the client reads them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use poem::web::sse::Event;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{sleep, timeout};

use super::hub::{BEAT, Told};
use crate::app::App;
use crate::error::{Error, OrInternal};
use crate::http::shutdown::Shutdown;
use crate::ids::ServiceKeyId;
use crate::revocations::{Position, Revocation, issued_before};
use crate::use_cases::follow_revocations::{Now, Way, now};

/// How long a backend may read nothing before its stream ends.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How many streams query the database at the same time. Requests still get connections when all streams have to
/// query.
static LOOKS: Semaphore = Semaphore::const_new(4);

/// How long a backend waits before it connects again, in milliseconds.
const RETRY: u64 = 500;

pub(super) struct Stream {
    pub(super) app: Arc<App>,
    pub(super) key: ServiceKeyId,
    /// The position of what was sent.
    pub(super) seen: Position,
    pub(super) told: broadcast::Receiver<Told>,
    pub(super) shutdown: Shutdown,
    pub(super) events: mpsc::Sender<Event>,
}

/// Why a stream ends.
struct Ended(&'static str);

impl Stream {
    /// Runs until the client is gone, its service key is revoked, or the server stops.
    pub(super) async fn run(mut self) {
        let (key, shutdown) = (self.key, self.shutdown.clone());
        tracing::info!(%key, "a stream of revocations begins");
        let why = tokio::select! {
            () = shutdown.told() => "the server stops",
            Err(Ended(why)) = self.tell_all() => why,
        };
        tracing::info!(%key, why, "a stream of revocations ends");
    }

    async fn tell_all(&mut self) -> Result<Infallible, Ended> {
        self.send(Event::retry(RETRY)).await?;
        self.catch_up().await?;
        loop {
            match self.told.recv().await {
                Ok(Told::News(news)) => {
                    self.must_be_for_us(&news.now)?;
                    self.part_from_another_history(&news.now).await?;
                    self.send_all(&news.revocations).await?;
                    self.arrive(&news.now).await?;
                }
                Ok(Told::Gap) | Err(RecvError::Lagged(_)) => self.catch_up().await?,
                Err(RecvError::Closed) => return Err(Ended("the server stops")),
            }
        }
    }

    /// Queries the database for new revocations, batch by batch. While the database is away it sends nothing.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        loop {
            match self.look().await {
                Ok(told) => return told,
                // The hub logs this once for all streams.
                Err(error) => {
                    tracing::debug!(%error, causes = error.causes(), at = error.at(), "a stream of revocations waits for the database")
                }
            }
            sleep(BEAT).await;
        }
    }

    async fn look(&mut self) -> Result<Result<(), Ended>, Error> {
        let mut turn = Some(LOOKS.acquire().await.or_internal()?);
        let now = now(&self.app).await?;
        if let Err(ended) = self.must_be_for_us(&now) {
            return Ok(Err(ended));
        }
        if let Err(ended) = self.part_from_another_history(&now).await {
            return Ok(Err(ended));
        }
        let mut rest = Some(Way::new(self.seen.clone(), now.position.clone()));
        while let Some(way) = rest {
            let (revocations, further) = way.walk(&self.app).await?;
            // A slow reader does not delay other streams.
            drop(turn.take());
            if let Err(ended) = self.send_all(&revocations).await {
                return Ok(Err(ended));
            }
            rest = further;
        }
        Ok(self.arrive(&now).await)
    }

    fn must_be_for_us(&self, now: &Now) -> Result<(), Ended> {
        if now.is_for(self.key) { Ok(()) } else { Err(Ended("its service key was revoked")) }
    }

    /// What was sent from another history is not all true of this one: it may have generations that this one has not
    /// reached yet.
    async fn part_from_another_history(&self, now: &Now) -> Result<(), Ended> {
        let history = now.position.history();
        if self.seen.history() == history {
            return Ok(());
        }
        self.send(Event::message(json!({ "history": history }).to_string()).event_type("history")).await
    }

    async fn send_all(&self, revocations: &[Revocation]) -> Result<(), Ended> {
        for revocation in revocations {
            self.send(event(revocation)).await?;
        }
        Ok(())
    }

    async fn arrive(&mut self, now: &Now) -> Result<(), Ended> {
        let event = Event::message(json!({ "at": now.at }).to_string()).event_type("position");
        self.send(event.id(now.position.to_string())).await?;
        self.seen = now.position.clone();
        Ok(())
    }

    async fn send(&self, event: Event) -> Result<(), Ended> {
        let sent = timeout(SEND_TIMEOUT, self.events.send(event)).await;
        sent.map_err(|_| Ended("nobody reads it"))?.map_err(|_| Ended("its reader is gone"))
    }
}

fn event(revocation: &Revocation) -> Event {
    match revocation {
        Revocation::Session { id, at } => {
            Event::message(json!({ "sid": id.0, "revokedAt": at }).to_string()).event_type("session")
        }
        Revocation::Account { id, at, generation, kept } => {
            let issued_before = issued_before(*at).timestamp();
            let mut data = json!({ "sub": id.0, "revokedAt": at, "issuedBefore": issued_before });
            if let Some(generation) = generation {
                data["generation"] = json!(generation);
                data["exceptSession"] = json!(kept.map(|session| session.0));
            }
            Event::message(data.to_string()).event_type("account")
        }
    }
}
