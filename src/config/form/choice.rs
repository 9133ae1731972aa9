//! One of some words.

use std::marker::PhantomData;

use super::{Form, Kind, Reader, Shape, Subject};

/// What has a word for each of its values.
pub(in super::super) trait Named: Copy + Send + Sync + 'static {
    /// The words, the harmless one first. They are read whatever their case.
    const WORDS: &'static [(&'static str, Self)];
    /// More words that are read and not told.
    const SYNONYMS: &'static [(&'static str, Self)] = &[];
    /// The kind.
    const KIND: Kind = Kind::Choice;
}

#[derive(Clone)]
pub(in super::super) struct Choice<N>(PhantomData<N>);

/// One of the words of `N`.
pub(in super::super) fn choice<N: Named>() -> Reader<Choice<N>> {
    Reader(Choice(PhantomData))
}

/// On or off.
pub(in super::super) fn switch() -> Reader<Choice<bool>> {
    choice()
}

impl Named for bool {
    const WORDS: &'static [(&'static str, Self)] = &[("on", true), ("off", false)];
    const SYNONYMS: &'static [(&'static str, Self)] = &[("true", true), ("false", false)];
    const KIND: Kind = Kind::Switch;
}

impl<N: Named> Form for Choice<N> {
    type Value = N;

    fn read(&self, text: &str, subject: Subject) -> Result<N, Vec<String>> {
        let mut all = N::WORDS.iter().chain(N::SYNONYMS);
        let found = all.find(|(word, _)| word.eq_ignore_ascii_case(text));
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| vec![format!("{} is not {}", subject.of(text), alternatives::<N>())])
    }

    fn stand_in(&self) -> N {
        N::WORDS[0].1
    }

    fn shape(&self) -> Shape {
        Shape::new(N::KIND, N::WORDS.iter().map(|(word, _)| (*word).to_owned()))
    }
}

/// `text, json or xml`
fn alternatives<N: Named>() -> String {
    let words: Vec<_> = N::WORDS.iter().map(|(word, _)| *word).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}
