//! A backend that follows the revocations.

use std::time::Duration;

use serde_json::Value;

/// A timeout that is longer than a stream may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream of server-sent events.
pub(crate) struct Events {
    response: reqwest::Response,
    text: String,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Event {
    /// The session that ended.
    pub(crate) fn sid(&self) -> &str {
        self.data["sid"].as_str().expect("a session")
    }

    /// The account whose sessions ended.
    pub(crate) fn sub(&self) -> &str {
        self.data["sub"].as_str().expect("an account")
    }
}

/// Requests the stream.
pub(crate) async fn ask(url: &str, key: Option<&str>, position: Option<&str>) -> reqwest::Response {
    let mut request = reqwest::Client::builder().no_proxy().build().expect("a client").get(url);
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    if let Some(position) = position {
        request = request.header("last-event-id", position);
    }
    request.send().await.expect("an answer")
}

impl Events {
    /// Opens the stream at `url`.
    pub(crate) async fn open(url: &str, key: &str, position: Option<&str>) -> Self {
        let response = ask(url, Some(key), position).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event. `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let value = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    value.unwrap_or_default().to_owned()
                };
                if !field("event").is_empty() {
                    let data = serde_json::from_str(&field("data")).expect("JSON");
                    return Some(Event { kind: field("event"), id: field("id"), data });
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("a sign of life");
            self.text += std::str::from_utf8(&chunk.ok()??).expect("UTF-8");
        }
    }

    /// The events up to the next position, and that position.
    pub(crate) async fn batch(&mut self) -> (Vec<Event>, String) {
        let mut events = Vec::new();
        loop {
            let event = self.next().await.expect("an event");
            match event.kind.as_str() {
                "position" => return (events, event.id),
                "history" => {}
                _ => events.push(event),
            }
        }
    }

    /// Reads to the end of the stream, which comes within a few beats.
    pub(crate) async fn end(&mut self) {
        for _ in 0..10 {
            if self.next().await.is_none() {
                return;
            }
        }
        panic!("the stream does not end");
    }

    /// Events as they come, the positions between them left out.
    pub(crate) async fn told(&mut self) -> Event {
        for _ in 0..20 {
            let event = self.next().await.expect("an event");
            if !["position", "history"].contains(&event.kind.as_str()) {
                return event;
            }
        }
        panic!("nothing is told");
    }
}
