//! The time of a line.

use std::cell::RefCell;
use std::fmt::{self, Write};

use tracing_subscriber::fmt::format::Writer;

use crate::clock::wall_time;

thread_local! {
    /// The last second that was written, and how.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// The time of now in UTC, as in RFC 3339 with microseconds. What is the same in all lines of a second is written once.
pub(super) fn time(writer: &mut Writer<'_>) -> fmt::Result {
    let now = wall_time();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.timestamp() {
            text.clear();
            write!(text, "{}", now.format("%Y-%m-%dT%H:%M:%S."))?;
            *second = now.timestamp();
        }
        writer.write_str(text)?;
        write!(writer, "{:06}Z", now.timestamp_subsec_micros())
    })
}
