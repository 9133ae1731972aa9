//! The log, and the export of traces. Each request is one line of the log, which never has a password, token, hash or the variables
//! of a document.

mod export;
mod one_line;
mod output;
mod queue;

use std::io;
use std::panic;
use std::sync::{Arc, OnceLock};

use tracing::Span;
use tracing::field::Value;
use tracing::span::Record;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogFormat, Traces};
use crate::error::Error;
use crate::ids::AccountId;
use crate::traces::{TARGET, begin, is_exported, shortened};
use one_line::OneLine;
use queue::Queue;

pub use export::Export;

/// The lines on their way, once the log is open.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Sends the log to standard error, panics to the log, and traces to a collector if there is one. Only the first call in a process
/// opens the log. Before the process ends, [`flush`] has to be called.
///
/// # Errors
/// [`Error::Internal`] when traces can't be exported.
pub fn init(filter: &str, format: LogFormat, traces: Option<&Traces>) -> Result<Export, Error> {
    let export = Export::new(traces)?;
    if QUEUE.get().is_some() {
        return Ok(export);
    }
    let targets: Targets = filter.parse().unwrap_or_default();
    let targets = targets.with_target(TARGET, LevelFilter::OFF);
    let queue = Queue::start();
    let layer = match &queue {
        Ok(queue) => layer(format, queue.clone()),
        // Without a thread, whoever has a line writes it.
        Err(_) => layer(format, io::stderr),
    };
    let registry = tracing_subscriber::registry().with(layer.with_filter(targets)).with(export.layer());
    if registry.try_init().is_ok() {
        if let Ok(queue) = queue {
            let _ = QUEUE.set(queue);
        }
        panic::set_hook(Box::new(log_panic));
        if traces.is_some() {
            begin();
        }
    }
    Ok(export)
}

/// Waits until what was logged so far is written, but not for somebody who does not read it.
pub fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush();
    }
}

type Lines = Box<dyn Layer<Registry> + Send + Sync>;

fn layer(format: LogFormat, to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) -> Lines {
    match format {
        LogFormat::Text => text(to, io::IsTerminal::is_terminal(&io::stderr())),
        LogFormat::Json => json(to),
    }
}

fn text(to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, is_coloured: bool) -> Lines {
    fmt::layer().with_writer(OneLine { to, is_coloured }).with_ansi(is_coloured).with_target(false).boxed()
}

fn json(to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) -> Lines {
    fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(to).boxed()
}

/// Only a message that is a literal in the source is shown, because a formatted one may hold anything.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("[not shown]");
    tracing::error!(location, message, "panic");
    // The process may end by it.
    flush();
}

/// The name of the span of a request.
const REQUEST: &str = "request";

/// The span of one request, with fields that are filled in later, within its trace. Its level is that of errors, so that errors name
/// the request whatever the filter is.
#[must_use]
pub fn request_span(id: &str, trace: &Span) -> Span {
    let parent = trace.id();
    tracing::error_span!(parent: parent, REQUEST, id, operation = tracing::field::Empty, account = tracing::field::Empty)
}

/// Names the operation in the request's log line.
pub fn record_operation(name: &str) {
    record("operation", &shortened(name));
}

/// Names the account in the request's log line.
pub fn record_account(id: AccountId) {
    record("account", &tracing::field::display(id));
}

/// Fills in a field of the request's span, which may be around that of an operation.
fn record(name: &str, value: &dyn Value) {
    let current = Span::current();
    if !is_exported() {
        current.record(name, value);
        return;
    }
    current.with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>().and_then(|registry| registry.span(id));
        let Some(request) = span.and_then(|span| span.scope().find(|span| span.name() == REQUEST)) else { return };
        let fields = request.metadata().fields();
        let Some(field) = fields.field(name) else { return };
        dispatch.record(&request.id(), &Record::new(&fields.value_set(&[(&field, Some(value))])));
    });
}
