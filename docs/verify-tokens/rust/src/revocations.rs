//! Follows `GET /revocations`, and knows whose access tokens are void.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::iter::successors;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::events::{Event, Parser};
use crate::verify::Claims;

/// The server is never silent for longer than 2 seconds. After three times as long the stream is lost.
const SILENCE: Duration = Duration::from_secs(6);

/// No access token lives for longer than a day; an hour is for clocks that disagree.
const REMEMBER: Duration = Duration::from_secs(25 * 60 * 60);

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(5);

pub struct Revocations {
    http: reqwest::Client,
    url: String,
    service_key: String,
    heard: RwLock<Heard>,
}

/// What was heard.
#[derive(Default)]
struct Heard {
    /// By `sid`, when.
    sessions: HashMap<String, Instant>,
    /// By `sub`, when, and before which second its void tokens were issued.
    accounts: HashMap<String, (Instant, i64)>,
    /// By `sub`, when, and of which generation its sessions are since then.
    generations: HashMap<String, (Instant, Generation)>,
    /// Those of another history of the database, until those of this one have been told.
    former_generations: HashMap<String, (Instant, Generation)>,
    /// The last time that everything was heard.
    position_at: Option<Instant>,
    /// The last time that old entries were removed.
    forgot_at: Option<Instant>,
}

/// Where to go on with the next connection.
struct Place {
    /// The id of the last `position`.
    position: Option<String>,
    /// What the server asks us to wait before we connect again.
    retry: Duration,
}

/// Why a connection has ended.
enum Lost {
    BadKey,
    Otherwise(String),
}

#[derive(Deserialize)]
struct Session {
    sid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    sub: String,
    issued_before: i64,
    #[serde(flatten)]
    generation: Option<Generation>,
}

/// All sessions of earlier generations have ended, except one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generation {
    generation: i64,
    except_session: Option<String>,
}

impl Revocations {
    pub fn new(http: reqwest::Client, url: &str, service_key: String) -> Self {
        Self { http, url: format!("{url}/revocations"), service_key, heard: RwLock::default() }
    }

    /// Whether everything that happened is known, up to some seconds ago.
    pub fn is_current(&self) -> bool {
        self.position_at().is_some_and(|at| at.elapsed() < SILENCE)
    }

    /// Whether a token with these claims was revoked, as far as is known.
    pub fn is_revoked(&self, claims: &Claims) -> bool {
        let heard = self.heard.read().unwrap_or_else(PoisonError::into_inner);
        heard.sessions.contains_key(&claims.sid)
            || heard.accounts.get(&claims.sub).is_some_and(|(_, issued_before)| claims.iat < *issued_before)
            || [&heard.generations, &heard.former_generations].into_iter().any(|generations| {
                generations.get(&claims.sub).is_some_and(|(_, ended)| {
                    claims.generation < ended.generation && ended.except_session.as_ref() != Some(&claims.sid)
                })
            })
    }

    fn position_at(&self) -> Option<Instant> {
        self.heard.read().unwrap_or_else(PoisonError::into_inner).position_at
    }

    /// Follows the stream.
    pub async fn follow(&self) -> Infallible {
        let mut place = Place { position: None, retry: Duration::from_millis(500) };
        let mut failures = 0;
        loop {
            let before = self.position_at();
            let Err(lost) = self.read(&mut place).await;
            if self.position_at() != before {
                failures = 0;
            }
            let (why, wait) = match lost {
                Lost::BadKey => ("the service key is refused".into(), MAX_WAIT),
                Lost::Otherwise(why) => (why, place.retry.saturating_mul(1 << failures).min(MAX_WAIT)),
            };
            eprintln!("revocations: {why}");
            failures = (failures + 1).min(16);
            // Not all backends at the same moment.
            let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos());
            sleep(wait.mul_f64(0.75 + f64::from(nanos % 1000) / 2000.0)).await;
        }
    }

    /// One connection, to its end.
    async fn read(&self, place: &mut Place) -> Result<Infallible, Lost> {
        let mut request = self.http.get(&self.url).bearer_auth(&self.service_key).header("accept", "text/event-stream");
        if let Some(position) = &place.position {
            request = request.header("last-event-id", position);
        }
        let mut response = in_time(request.send()).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(Lost::BadKey),
            status => {
                // Not a position of this server: begin anew.
                if status == StatusCode::BAD_REQUEST {
                    place.position = None;
                }
                return Err(Lost::Otherwise(format!("the server answers {status}")));
            }
        }
        let mut parser = Parser::default();
        loop {
            let chunk = in_time(response.chunk()).await?;
            let chunk = chunk.ok_or_else(|| Lost::Otherwise("the stream has ended".into()))?;
            for event in parser.read(&chunk) {
                self.hear(event, place).map_err(|error| Lost::Otherwise(format!("not understood: {error}")))?;
            }
        }
    }

    fn hear(&self, event: Event, place: &mut Place) -> serde_json::Result<()> {
        place.retry = event.retry.unwrap_or(place.retry);
        let now = Instant::now();
        let mut heard = self.heard.write().unwrap_or_else(PoisonError::into_inner);
        match event.kind.as_str() {
            "session" => {
                let session = serde_json::from_str::<Session>(&event.data)?;
                heard.sessions.insert(session.sid, now);
            }
            "account" => {
                let Account { sub, issued_before, generation } = serde_json::from_str(&event.data)?;
                // What is told twice may come in another order.
                if let Some(told) = generation {
                    let known = heard.generations.remove(&sub).map(|(_, known)| known);
                    let latest = known.filter(|known| known.generation > told.generation).unwrap_or(told);
                    heard.generations.insert(sub, (now, latest));
                } else {
                    let entry = heard.accounts.entry(sub).or_insert((now, issued_before));
                    *entry = (now, entry.1.max(issued_before));
                }
            }
            "history" => {
                // The server may have told some of this one already, and been interrupted: they are told again.
                let generations = std::mem::take(&mut heard.generations);
                heard.former_generations.extend(generations);
            }
            "position" => {
                heard.former_generations.clear();
                place.position = event.id;
                heard.position_at = Some(now);
                heard.forget_the_old(now);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Heard {
    /// Once a minute.
    fn forget_the_old(&mut self, now: Instant) {
        let since = |time: Instant| now.saturating_duration_since(time);
        if since(*self.forgot_at.get_or_insert(now)) < Duration::from_secs(60) {
            return;
        }
        self.forgot_at = Some(now);
        self.sessions.retain(|_, at| since(*at) < REMEMBER);
        self.accounts.retain(|_, (at, _)| since(*at) < REMEMBER);
        self.generations.retain(|_, (at, _)| since(*at) < REMEMBER);
    }
}

async fn in_time<T>(result: impl Future<Output = reqwest::Result<T>>) -> Result<T, Lost> {
    let result = timeout(SILENCE, result).await.map_err(|_| Lost::Otherwise("silent for too long".into()))?;
    result.map_err(|error| {
        let causes = successors(Some(&error as &dyn Error), |&error| error.source());
        Lost::Otherwise(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    })
}
