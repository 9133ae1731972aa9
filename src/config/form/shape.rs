//! What is known of a form from outside: the help and the docs are made of it.

use clap::Arg;
use clap::builder::PossibleValue;

/// What kind of value a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text, or one of a form that its help tells.
    Text,
    /// A text that must not be shown.
    Secret,
    /// The name of a file or a directory.
    File,
    /// A whole number between two bounds.
    Number,
    /// A duration between two bounds.
    Duration,
    /// A number in a duration, both between two bounds.
    Rate,
    /// `on` or `off`.
    Switch,
    /// One of some words.
    Choice,
    /// Texts, separated by commas.
    List,
}

/// What may be written for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The kind.
    pub kind: Kind,
    /// The bounds, the least first, or the words. A rate has the bounds of its number, then those of its duration.
    pub values: Vec<String>,
    /// What a number counts, if that is not plain from the setting's name.
    pub unit: String,
}

const KINDS: [(&str, Kind); 9] = [
    ("text", Kind::Text),
    ("secret", Kind::Secret),
    ("file", Kind::File),
    ("number", Kind::Number),
    ("duration", Kind::Duration),
    ("rate", Kind::Rate),
    ("switch", Kind::Switch),
    ("choice", Kind::Choice),
    ("list", Kind::List),
];

impl Shape {
    pub(in super::super) fn new(kind: Kind, values: impl IntoIterator<Item = String>) -> Self {
        Self { kind, values: values.into_iter().collect(), unit: String::new() }
    }

    /// The shape of an argument; none if its parser is not one of ours.
    #[must_use]
    pub fn of(arg: &Arg) -> Option<Self> {
        let mut encoded = arg.get_possible_values().into_iter();
        let first = encoded.next()?;
        let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == first.get_name())?;
        let unit = first.get_help().map(ToString::to_string).unwrap_or_default();
        Some(Self { kind, values: encoded.map(|value| value.get_name().to_owned()).collect(), unit })
    }

    /// As clap's possible values, since clap hands on nothing else of what a parser knows.
    pub(super) fn encode(self) -> Vec<PossibleValue> {
        let name = KINDS.into_iter().find(|(_, kind)| *kind == self.kind).map(|(name, _)| name).unwrap_or_default();
        let first = PossibleValue::new(name).help(self.unit);
        [first].into_iter().chain(self.values.into_iter().map(PossibleValue::new)).collect()
    }

    /// The bounds or the words as people read them; none if the help says what may be written.
    #[must_use]
    pub fn allowed(&self) -> Option<String> {
        match (self.kind, self.values.as_slice()) {
            (Kind::Number | Kind::Duration, [min, max]) if self.unit.is_empty() => Some(format!("{min} to {max}")),
            (Kind::Number | Kind::Duration, [min, max]) => Some(format!("{min} to {max} {}", self.unit)),
            (Kind::Rate, [least, most, shortest, longest]) => {
                Some(format!("{least} to {most} in {shortest} to {longest}"))
            }
            (Kind::Switch | Kind::Choice, words) => Some(words.join(", ")),
            _ => None,
        }
    }
}
