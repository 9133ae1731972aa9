//! Lines for people: the time, the level, the spans with their fields, the message, and the fields.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::time::time;
use super::written::{Tame, is_plain};

pub(super) struct Line;

impl<S: Subscriber + for<'span> LookupSpan<'span>> FormatEvent<S, Fields> for Line {
    fn format_event(&self, ctx: &FmtContext<'_, S, Fields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        time(&mut writer)?;
        writer.write_str(level(event.metadata().level()))?;
        if let Some(scope) = ctx.event_scope() {
            for span in scope.from_root() {
                writer.write_str(span.metadata().name())?;
                if let Some(fields) =
                    span.extensions().get::<FormattedFields<Fields>>().filter(|fields| !fields.is_empty())
                {
                    writer.write_str("{")?;
                    writer.write_str(fields)?;
                    writer.write_str("}")?;
                }
                writer.write_str(":")?;
            }
            writer.write_str(" ")?;
        }
        Fields.format_fields(writer.by_ref(), event)?;
        writer.write_str("\n")
    }
}

fn level(level: &Level) -> &'static str {
    match *level {
        Level::TRACE => " TRACE ",
        Level::DEBUG => " DEBUG ",
        Level::INFO => "  INFO ",
        Level::WARN => "  WARN ",
        Level::ERROR => " ERROR ",
    }
}

/// Fields as `name=value`, with the message as it is.
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'w> {
    writer: Writer<'w>,
    is_first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = self.begin(field).and_then(|()| value(&mut self.writer));
        }
    }

    fn begin(&mut self, field: &Field) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.writer.write_str(" ")?;
        }
        match field.name() {
            "message" => Ok(()),
            name => {
                self.writer.write_str(name.strip_prefix("r#").unwrap_or(name))?;
                self.writer.write_str("=")
            }
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, |writer| write!(writer, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_message = field.name() == "message";
        self.write(field, |writer| match value {
            _ if is_message => Tame(writer).write_str(value),
            _ if is_plain(value) => {
                writer.write_str("\"")?;
                writer.write_str(value)?;
                writer.write_str("\"")
            }
            _ => write!(writer, "{value:?}"),
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |writer| write!(Tame(writer), "{value:?}"));
    }
}
