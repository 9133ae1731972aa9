//! The log. Each request is one line, which never has a password, token, hash or the variables of a document.

use std::panic;

use tracing::Span;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::LogFormat;
use crate::ids::AccountId;

/// Sends the log to standard error, and panics to the log. Only the first call in a process has an effect.
pub fn init(filter: &str, format: LogFormat) {
    let targets: Targets = filter.parse().unwrap_or_default();
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false).boxed()
        }
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(std::io::stderr).boxed()
        }
    };
    if tracing_subscriber::registry().with(layer.with_filter(targets)).try_init().is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// Only a message that is a literal in the source is shown, because a formatted one may hold anything.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("[not shown]");
    tracing::error!(location, message, "panic");
}

/// The span of one request, with fields that are filled in later. Its level is that of errors, so that errors name
/// the request whatever the filter is.
#[must_use]
pub fn request_span(id: &str) -> Span {
    tracing::error_span!("request", id, operation = tracing::field::Empty, account = tracing::field::Empty,)
}

/// Names the operation in the request's log line.
pub fn record_operation(name: &str) {
    let end = name.char_indices().nth(64).map_or(name.len(), |(index, _)| index);
    Span::current().record("operation", &name[..end]);
}

/// Names the account in the request's log line.
pub fn record_account(id: AccountId) {
    Span::current().record("account", tracing::field::display(id));
}
