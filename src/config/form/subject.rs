//! What the fault of a value calls it by.

/// Most characters of a value that a fault shows.
const SHOWN: usize = 100;

/// The subject of a fault's sentence.
#[derive(Clone, Copy)]
pub(in super::super) enum Subject {
    /// The value in quotes: of a flag or a variable.
    Quoted,
    /// "it": of a file, whose line tells where the value stands, so that it need not be shown.
    It,
}

impl Subject {
    /// For this value.
    pub(in super::super) fn of(self, value: &str) -> String {
        match self {
            Self::Quoted => quoted(value),
            Self::It => "it".to_owned(),
        }
    }

    /// For the item at this place of a list, from 0.
    pub(super) fn item(self, place: usize, item: &str) -> String {
        match self {
            Self::Quoted => quoted(item),
            Self::It => format!("item {}", place + 1),
        }
    }
}

/// A text in quotes, with nothing in it that breaks a line, and not too long.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
