use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a layer writes of these events.
fn written(layer: impl FnOnce(Kept) -> Box<dyn Layer<Registry> + Send + Sync>, events: fn()) -> String {
    let kept = Kept::default();
    let dispatch = Dispatch::new(registry().with(layer(kept.clone())));
    dispatcher::with_default(&dispatch, events);
    let bytes = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    String::from_utf8(bytes).expect("text")
}

fn ours(format: LogFormat) -> impl FnOnce(Kept) -> Box<dyn Layer<Registry> + Send + Sync> {
    move |kept| layer(format, move || kept.clone())
}

fn text_of_the_library(kept: Kept) -> Box<dyn Layer<Registry> + Send + Sync> {
    fmt::layer().with_writer(move || kept.clone()).with_ansi(false).with_target(false).boxed()
}

fn json_of_the_library(kept: Kept) -> Box<dyn Layer<Registry> + Send + Sync> {
    fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(move || kept.clone()).boxed()
}

/// Values of each kind, with and without spans.
fn events() {
    let (number, nothing): (u16, Option<&str>) = (429, None);
    tracing::info!("alone");
    tracing::error!(
        number,
        huge = u64::MAX,
        low = -3,
        yes = true,
        none = f64::NAN,
        half = 0.5,
        whole = 2.0,
        tiny = 1e-9,
        nothing,
        "values"
    );
    tracing::warn!(plain = "a b", quoted = "say \"no\" \\", odd = "é\n\u{1b}[31m\u{7f}", "texts: {}", "é \"x\"");
    tracing::debug!(shown = %"a b", debugged = ?["a\"", "b"], r#type = "raw", "others");
    let span =
        tracing::error_span!("request", id = "8a", operation = tracing::field::Empty, account = tracing::field::Empty);
    let _entered = span.enter();
    tracing::info!(address = %"192.0.2.1", method = %"POST", route = "/graphql", status = number, duration_ms = 0.25, "request");
    span.record("operation", "Log\"in");
    span.record("account", tracing::field::display("0190"));
    tracing::info!("halfway");
    span.record("operation", "Logout");
    let inner = tracing::info_span!("inner");
    inner.in_scope(|| tracing::trace!("inside"));
    tracing::info!(parent: None, "outside");
}

/// Without the time, of which the form is looked at.
fn timeless(line: &str) -> &str {
    let (time, rest) = line.split_at_checked("2026-11-29T22:00:00.000000Z".len()).expect("a time");
    assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
    rest
}

#[test]
fn text_is_what_the_library_writes() {
    let (ours, theirs) = (written(ours(LogFormat::Text), events), written(text_of_the_library, events));
    let lines = |text: &str| text.lines().map(|line| timeless(line).to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&ours), lines(&theirs));
    assert_eq!(ours.lines().count(), 8);
}

#[test]
fn json_is_what_the_library_writes() {
    let read = |text: String| {
        let objects = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let timeless = objects.map(|mut object: Value| {
            let time = object["timestamp"].take();
            assert_eq!(timeless(time.as_str().expect("a time")), "");
            object
        });
        timeless.collect::<Vec<_>>()
    };
    let (ours, theirs) = (read(written(ours(LogFormat::Json), events)), read(written(json_of_the_library, events)));
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 8);
}

#[test]
fn no_value_ends_a_line_or_talks_to_a_terminal() {
    let events = || {
        tracing::warn!(shown = %"a\nb\u{1b}[2J\u{9b}31m", "message\r\nINFO forged");
        tracing::warn!(shown = "a\nb\u{1b}[2J\u{9b}31m", "{}", "message\r\nINFO forged");
    };
    // JSON does not take those above ASCII for control characters.
    let in_json = |character: char| character < ' ';
    for (format, is_control) in [(LogFormat::Text, char::is_control as fn(char) -> bool), (LogFormat::Json, in_json)] {
        let written = written(ours(format), events);
        let lines: Vec<_> = written.trim_end_matches('\n').split('\n').collect();
        assert_eq!(lines.len(), 2, "{written}");
        assert!(!lines.concat().contains(is_control), "{written}");
    }
}
