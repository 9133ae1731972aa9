//! A stream of numbers that decides what is generated. Shorter streams make smaller cases, so failures shrink by themselves.

use proptest::prelude::*;

/// As many numbers as the largest case needs.
pub(crate) fn numbers() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..400)
}

/// Numbers that are used up; afterwards each choice is the first, which is the simplest.
pub(crate) struct Choices<'a> {
    left: std::slice::Iter<'a, u16>,
}

/// Characters at the edges of what parsers tell apart.
const ODD: &[char] = &[
    '\0',
    '\u{1}',
    '\t',
    '\n',
    '\r',
    '\u{7f}',
    '\u{85}',
    '\u{a0}',
    '\u{ad}',
    '\u{301}',
    'ı',
    'İ',
    'ß',
    '\u{200b}',
    '\u{202e}',
    '\u{2028}',
    '\u{212a}',
    '\u{3002}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ff20}',
    '\u{fffd}',
    '\u{ffff}',
    '\u{1f600}',
    '\u{e0001}',
    '\u{10ffff}',
    '"',
    '\'',
    '\\',
    '#',
    '{',
    '}',
    '@',
    '.',
    '-',
    '_',
    '=',
    '+',
    '/',
    ' ',
    '$',
    '%',
    ';',
    ',',
    ':',
    '<',
    '&',
    'a',
    'Z',
    '0',
];

impl<'a> Choices<'a> {
    pub(crate) fn of(numbers: &'a [u16]) -> Self {
        Self { left: numbers.iter() }
    }

    /// Less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.left.next().copied().unwrap_or_default()) % end.max(1)
    }

    /// True once in `of` times; false when nothing is left.
    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) + 1 == of
    }

    pub(crate) fn pick<'b, T: ?Sized>(&mut self, from: &[&'b T]) -> &'b T {
        from[self.below(from.len())]
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap_or_default()).collect()
    }

    pub(crate) fn text(&mut self, most: usize) -> String {
        let length = self.below(most + 1);
        (0..length).map(|_| ODD[self.below(ODD.len())]).collect()
    }

    /// `text` with a few things done to it.
    pub(crate) fn mutated(&mut self, text: &str) -> String {
        let mut text: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let (from, to) = (self.below(text.len() + 1), self.below(text.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            match self.below(7) {
                0 => text.truncate(to),
                1 => text.insert(from, ODD[self.below(ODD.len())]),
                2 => drop(text.drain(from..to.min(from + 3))),
                3 => {
                    let copy: Vec<char> = text[from..to].to_vec();
                    text.splice(to..to, copy);
                }
                4 if from < to => text.swap(from, to - 1),
                5 if from < text.len() => {
                    let flipped = u32::from(text[from]) ^ (1 << self.below(7));
                    text[from] = char::from_u32(flipped).unwrap_or('\u{fffd}');
                }
                _ => text.extend(self.text(4).chars()),
            }
        }
        text.into_iter().collect()
    }
}
