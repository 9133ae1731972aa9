//! The spans of traces: a request, its operation, the statements of that. They cost next to nothing where no traces are exported.
//!
//! Of what a client sends they have the id of the request, the name of the operation, and the trace that it is a part of.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of these spans, by which the log leaves them out.
pub(crate) const TARGET: &str = "portcullis::traces";

/// The header by which a caller says of which trace a request is a part (W3C Trace Context).
pub(crate) const HEADER: &str = "traceparent";

/// Whether traces are exported. A span that the log alone leaves out would be made all the same.
static EXPORTED: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    /// The span of the request's log line.
    static REQUEST: Span;
}

/// Begins to make spans.
pub(crate) fn begin() {
    EXPORTED.store(true, Ordering::Relaxed);
}

pub(crate) fn is_exported() -> bool {
    EXPORTED.load(Ordering::Relaxed)
}

/// Does the work of a request whose log line has this span.
pub(crate) fn within<W: Future>(request: Span, work: W) -> impl Future<Output = W::Output> {
    REQUEST.scope(request.clone(), work.instrument(request))
}

/// Work of a request that goes on in a task of its own. Layers look for spans among those that are entered, and the current one may
/// be none of the log's, so both are entered.
pub(crate) fn detached<W: Future>(work: W) -> impl Future<Output = W::Output> {
    let request = REQUEST.try_with(Span::clone).unwrap_or_else(|_| Span::none());
    within(request, work.in_current_span())
}

/// The methods that a span is named by.
const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// A request. Its status is recorded [when it is answered](answered).
pub(crate) fn request(method: &str, route: &'static str, id: &str, traceparent: Option<&str>) -> Span {
    if !is_exported() {
        return Span::none();
    }
    // A client may invent methods.
    let method = if KNOWN.contains(&method) { method } else { "_OTHER" };
    let span = info_span!(
        target: TARGET,
        parent: None,
        "http",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request.id = id,
    );
    span.record("otel.name", format!("{method} {route}"));
    if let Some(traceparent) = traceparent {
        // Fails only without the layer that exports, and then there is nothing to set.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&Traceparent(traceparent)));
    }
    span
}

/// Records by which status a request was answered.
pub(crate) fn answered(request: &Span, status: u16) {
    request.record("http.response.status_code", status);
    if status >= 500 {
        request.record("otel.status_code", "ERROR");
    }
}

/// The operation of a document, by the name that the document has for it.
pub(crate) fn operation(name: Option<&str>) -> Span {
    if !is_exported() {
        return Span::none();
    }
    let name = name.map(shortened);
    info_span!(target: TARGET, "operation", otel.name = name.unwrap_or("operation"), graphql.operation.name = name)
}

/// The beginning of what a client has called something.
pub(crate) fn shortened(name: &str) -> &str {
    name.char_indices().nth(64).map_or(name, |(end, _)| &name[..end])
}

/// A statement, by the name that it has in the source. Those of nobody's request are left out.
pub(crate) fn statement(name: &'static str) -> Span {
    if !is_exported() || Span::current().is_none() {
        return Span::none();
    }
    info_span!(target: TARGET, "statement", otel.name = name, otel.kind = "client", db.system.name = "postgresql")
}

/// The one header that is read. What vendors add in `tracestate` would be exported as it is.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == HEADER).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![HEADER]
    }
}
