//! One line of text for each event, whatever its values are. The library lets control characters through where a value is shown by
//! `Display`, such as an error of PostgreSQL with its detail.

use std::io::{self, Write};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Escapes control characters.
pub(super) struct OneLine<W> {
    pub(super) to: W,
    /// Whether escape sequences are the library's own.
    pub(super) is_coloured: bool,
}

impl<'w, M: MakeWriter<'w>> MakeWriter<'w> for OneLine<M> {
    type Writer = OneLine<M::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        OneLine { to: self.to.make_writer(), is_coloured: self.is_coloured }
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Self::Writer {
        OneLine { to: self.to.make_writer_for(metadata), is_coloured: self.is_coloured }
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Takes a whole event, as the library writes it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        // Those above ASCII begin with 0xC2 in UTF-8.
        if !line.iter().any(|byte| byte.is_ascii_control() || *byte == 0xC2) {
            self.to.write_all(event)?;
            return Ok(event.len());
        }
        let mut escaped = String::with_capacity(event.len() + 16);
        for character in String::from_utf8_lossy(line).chars() {
            if character.is_control() && !(self.is_coloured && character == '\u{1b}') {
                escaped.extend(character.escape_default());
            } else {
                escaped.push(character);
            }
        }
        escaped.push('\n');
        self.to.write_all(escaped.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use tracing::{Dispatch, dispatcher};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry;

    use super::super::{json, text};
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

    #[test]
    fn no_value_ends_a_line_or_talks_to_a_terminal() {
        let forms = [("text", false), ("text in colours", true), ("json", false)];
        for (form, is_coloured) in forms {
            let kept = Kept::default();
            let to = {
                let kept = kept.clone();
                move || kept.clone()
            };
            let layer = if form == "json" { json(to) } else { text(to, is_coloured) };
            dispatcher::with_default(&Dispatch::new(registry().with(layer)), || {
                tracing::warn!(shown = %"a\nbé\u{9b}31m", "message\r\nINFO forged");
                tracing::warn!(shown = "a\nbé\u{1b}[2J\u{9b}31m", "{}", "message\r\nINFO forged");
            });
            let bytes = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let written = String::from_utf8(bytes).expect("text");
            let lines: Vec<_> = written.trim_end_matches('\n').split('\n').collect();
            assert_eq!(lines.len(), 2, "{form}: {written}");
            // JSON does not take those above ASCII for control characters. The library's colours are escape sequences.
            let is_control = |character: char| match form {
                "json" => character < ' ',
                _ => character.is_control() && !(is_coloured && character == '\u{1b}'),
            };
            assert!(!lines.concat().contains(is_control), "{form}: {written}");
            assert!(lines.iter().all(|line| line.contains("bé")), "{form}: {written}");
        }
    }

    #[test]
    fn an_escape_sequence_of_a_value_is_none() {
        let kept = Kept::default();
        let to = kept.clone();
        let layer = text(move || to.clone(), false);
        dispatcher::with_default(&Dispatch::new(registry().with(layer)), || {
            tracing::warn!(shown = %"\u{1b}[2J", "\u{1b}[2J");
        });
        let written = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(!written.contains(&0x1b), "{}", String::from_utf8_lossy(&written));
    }
}
