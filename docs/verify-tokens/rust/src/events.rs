//! Server-sent events (HTML Standard, section 9.2.6).

use std::mem::take;
use std::time::Duration;

#[derive(Debug, Default, PartialEq)]
pub struct Event {
    pub kind: String,
    pub id: Option<String>,
    pub data: String,
    pub retry: Option<Duration>,
}

/// Reads events, however they are cut into chunks.
#[derive(Default)]
pub struct Parser {
    /// In bytes: a chunk may end within a character.
    line: Vec<u8>,
    event: Event,
}

impl Parser {
    /// The events that end in this chunk.
    pub fn read(&mut self, chunk: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in chunk {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = take(&mut self.line);
            match line.strip_suffix(b"\r").unwrap_or(&line) {
                [] => events.push(take(&mut self.event)),
                line => self.field(&String::from_utf8_lossy(line)),
            }
        }
        events
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event.kind = value.to_owned(),
            "id" => self.event.id = Some(value.to_owned()),
            "data" if self.event.data.is_empty() => self.event.data = value.to_owned(),
            "data" => self.event.data += &format!("\n{value}"),
            "retry" => self.event.retry = value.parse().ok().map(Duration::from_millis),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = "retry: 500\r\n\r\n: silence\n\nevent: session\ndata: {\"sid\":\ndata:\"ä€😀\"}\n\n\
                    event: position\r\nid: 1:1:\r\ndata: {}\r\n\r\nevent: cut";
        let event = |kind: &str, data: &str| Event { kind: kind.into(), data: data.into(), ..Event::default() };
        for size in 1..=text.len() {
            let mut parser = Parser::default();
            let events: Vec<_> = text.as_bytes().chunks(size).flat_map(|chunk| parser.read(chunk)).collect();
            let expected = [
                Event { retry: Some(Duration::from_millis(500)), ..Event::default() },
                Event::default(),
                event("session", "{\"sid\":\n\"ä€😀\"}"),
                Event { id: Some("1:1:".into()), ..event("position", "{}") },
            ];
            assert_eq!(events, expected, "{size}");
        }
    }
}
