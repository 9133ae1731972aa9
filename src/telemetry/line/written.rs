//! Ways of writing into a line.

use std::fmt::{self, Write};
use std::io;
use std::str::from_utf8;

/// Whether a text stands for itself between quotes.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

/// Takes no control characters, but what stands for them, so that a value neither ends a line nor talks to a terminal.
pub(super) struct Tame<W>(pub(super) W);

impl<W: Write> Write for Tame<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        for piece in text.split_inclusive(char::is_control) {
            match piece.char_indices().next_back().filter(|(_, last)| last.is_control()) {
                Some((at, last)) => write!(self.0, "{}{}", &piece[..at], last.escape_default())?,
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// Takes bytes that are whole characters.
pub(super) struct Bytes<W>(pub(super) W);

impl<W: Write> io::Write for Bytes<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_str(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
