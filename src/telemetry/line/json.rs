//! Lines for machines: one JSON object each.

use std::fmt::{self, Debug};

use serde::Serializer as _;
use serde_json::{Map, Serializer, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::time::time;
use super::written::{Bytes, is_plain};

pub(super) struct Line;

impl<S: Subscriber + for<'span> LookupSpan<'span>> FormatEvent<S, Fields> for Line {
    fn format_event(&self, ctx: &FmtContext<'_, S, Fields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        time(&mut writer)?;
        writer.write_str("\",\"level\":\"")?;
        writer.write_str(event.metadata().level().as_str())?;
        writer.write_str("\"")?;
        Fields.format_fields(writer.by_ref(), event)?;
        writer.write_str(",\"target\":\"")?;
        writer.write_str(event.metadata().target())?;
        writer.write_str("\"")?;
        if let Some(span) = event.parent().and_then(|id| ctx.span(id)).or_else(|| ctx.lookup_current()) {
            writer.write_str(",\"span\":{\"name\":\"")?;
            writer.write_str(span.metadata().name())?;
            writer.write_str("\"")?;
            if let Some(fields) = span.extensions().get::<FormattedFields<Fields>>() {
                writer.write_str(fields)?;
            }
            writer.write_str("}")?;
        }
        writer.write_str("}\n")
    }
}

/// Fields as members of an object, each behind a comma.
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { writer, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut known = Known { members: &current.fields, is_one: false };
        fields.record(&mut known);
        let is_again = known.is_one;
        self.format_fields(current.as_writer(), fields)?;
        if is_again {
            current.fields = latest(&current.fields).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

/// Whether one of the fields is a member already.
struct Known<'a> {
    members: &'a str,
    is_one: bool,
}

impl Visit for Known<'_> {
    fn record_debug(&mut self, field: &Field, _: &dyn Debug) {
        // Within a value the quotes would be escaped.
        self.is_one |= self.members.contains(&format!(",\"{}\":", field.name()));
    }
}

/// The members, of which each has its last value.
fn latest(members: &str) -> Option<String> {
    let object = format!("{{{}}}", members.trim_start_matches(','));
    let members = serde_json::from_str::<Map<String, Value>>(&object).ok()?;
    Some(members.into_iter().map(|(name, value)| format!(",{}:{value}", Value::from(name))).collect())
}

struct Visitor<'w> {
    writer: Writer<'w>,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = self.begin(field).and_then(|()| value(&mut self.writer));
        }
    }

    fn begin(&mut self, field: &Field) -> fmt::Result {
        self.writer.write_str(",\"")?;
        self.writer.write_str(field.name().strip_prefix("r#").unwrap_or(field.name()))?;
        self.writer.write_str("\":")
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, |writer| serde_json::to_writer(Bytes(writer), &value).map_err(|_| fmt::Error));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |writer| {
            if is_plain(value) {
                writer.write_str("\"")?;
                writer.write_str(value)?;
                writer.write_str("\"")
            } else {
                serde_json::to_writer(Bytes(writer), value).map_err(|_| fmt::Error)
            }
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |writer| {
            Serializer::new(Bytes(writer)).collect_str(&format_args!("{value:?}")).map_err(|_| fmt::Error)
        });
    }
}
