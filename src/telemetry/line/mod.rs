//! The form of a line of the log, as text and as JSON.
//!
//! A request writes its line on the thread that answers it, so this is a part of what each request costs. The forms are those of
//! tracing-subscriber, which itself writes to terminals. In ours no value ends a line.

mod json;
mod text;
mod time;
mod written;

use std::io;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::LogFormat;

/// Lines in this form, written `to` where the log goes.
pub(super) fn layer(
    format: LogFormat,
    to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> Box<dyn Layer<Registry> + Send + Sync> {
    match format {
        // For somebody who looks on. The library colours it.
        LogFormat::Text if io::IsTerminal::is_terminal(&io::stderr()) => {
            fmt::layer().with_writer(to).with_target(false).boxed()
        }
        LogFormat::Text => {
            fmt::layer().with_writer(to).with_ansi(false).fmt_fields(text::Fields).event_format(text::Line).boxed()
        }
        LogFormat::Json => {
            fmt::layer().with_writer(to).with_ansi(false).fmt_fields(json::Fields).event_format(json::Line).boxed()
        }
    }
}

#[cfg(test)]
mod tests;
