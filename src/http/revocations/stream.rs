//! One stream: what is told becomes events, as fast as they are taken.

use std::sync::Arc;
use std::time::Duration;

use poem::web::sse::Event;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};

use super::hub::{BEAT, Told};
use super::streams::Place;
use crate::app::App;
use crate::error::Error;
use crate::flows::follow_revocations::{Now, Way, now};
use crate::http::stopping::Stopping;
use crate::revocations::{Position, Revocation, issued_before};
use crate::tokens::service::ServiceKeyId;

/// How long a backend may take no event before its stream ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a backend waits before it connects again, in milliseconds.
const RETRY: u64 = 500;

pub(super) struct Stream {
    pub(super) app: Arc<App>,
    pub(super) key: ServiceKeyId,
    /// What has been told.
    pub(super) seen: Position,
    pub(super) told: broadcast::Receiver<Told>,
    pub(super) stopping: Stopping,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) _place: Place,
}

/// Why a stream ends: nobody reads it, or nobody may.
struct Ended;

impl Stream {
    /// Until its reader or its service key is gone, or the server stops.
    pub(super) async fn run(mut self) {
        let stopping = self.stopping.clone();
        tokio::select! {
            () = stopping.told() => {}
            _ = self.tell_all() => {}
        }
    }

    async fn tell_all(&mut self) -> Result<(), Ended> {
        self.send(Event::retry(RETRY)).await?;
        self.catch_up().await?;
        loop {
            match self.told.recv().await {
                Ok(Told::News(news)) => {
                    self.must_be_for_us(&news.now)?;
                    self.send_all(&news.revocations).await?;
                    self.arrive(&news.now).await?;
                }
                Ok(Told::Gap) | Err(RecvError::Lagged(_)) => self.catch_up().await?,
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    /// Looks for itself what is new, batch by batch. While the database is away it says nothing.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        loop {
            match self.look().await {
                Ok(told) => return told,
                Err(error) => tracing::warn!(%error, "a stream of revocations waits for the database"),
            }
            sleep(BEAT).await;
        }
    }

    async fn look(&mut self) -> Result<Result<(), Ended>, Error> {
        let now = now(&self.app).await?;
        if self.must_be_for_us(&now).is_err() {
            return Ok(Err(Ended));
        }
        let mut rest = Some(Way::new(self.seen.clone(), now.position.clone()));
        while let Some(way) = rest {
            let (revocations, further) = way.walk(&self.app).await?;
            if self.send_all(&revocations).await.is_err() {
                return Ok(Err(Ended));
            }
            rest = further;
        }
        Ok(self.arrive(&now).await)
    }

    fn must_be_for_us(&self, now: &Now) -> Result<(), Ended> {
        if now.is_for(self.key) { Ok(()) } else { Err(Ended) }
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
        timeout(PATIENCE, self.events.send(event)).await.map_err(|_| Ended)?.map_err(|_| Ended)
    }
}

fn event(revocation: &Revocation) -> Event {
    match revocation {
        Revocation::Session { id, at } => {
            Event::message(json!({ "sid": id.0, "revokedAt": at }).to_string()).event_type("session")
        }
        Revocation::Account { id, at } => {
            let issued_before = issued_before(*at).timestamp();
            let data = json!({ "sub": id.0, "revokedAt": at, "issuedBefore": issued_before });
            Event::message(data.to_string()).event_type("account")
        }
    }
}
