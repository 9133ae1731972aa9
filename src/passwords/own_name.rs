//! Finds passwords that consist mainly of the account's e-mail address or username, in some spelling.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest e-mail address or username that is read, in characters. An address has at most 254.
pub(super) const NAME_LENGTH: usize = 320;

/// This many letters in a row that occur in a name count as a part of it. Shorter runs say little.
const RUN: usize = 5;

/// The lengths of shorter words of a name that count as a part of it all the same. Even shorter words occur in every
/// text.
const SHORT_WORDS: RangeInclusive<usize> = 3..=4;

/// Largest number of letters that a password is folded to. A password of 256 characters has fewer, unless it is made
/// of ligatures.
const FOLDED_LENGTH: usize = 1024;

/// What is left of a password when the parts of the names are removed, in any spelling: any case, any accents,
/// umlauts written as two letters, letters doubled or not, any separators or none, digits and signs for letters,
/// backwards. `None` if nothing was removed.
///
/// The time grows linearly with the length of the password and with that of the names.
pub(super) fn without_names(password: &str, names: &[String]) -> Option<String> {
    let runs = runs(names);
    let characters: Vec<char> = password.chars().collect();
    let mut taken = vec![false; characters.len()];
    let mut take = |folded: &[Letter], runs: &HashSet<Vec<char>>, length: usize| {
        let letters: Vec<char> = folded.iter().map(|letter| letter.is).collect();
        for (start, run) in letters.windows(length).enumerate() {
            if runs.contains(run) {
                taken[folded[start].first..=folded[start + length - 1].last].fill(true);
            }
        }
    };
    for signs in [Signs::Separate, Signs::AreLetters] {
        for umlauts in [Umlauts::Accents, Umlauts::TwoLetters] {
            let folded = fold(&characters, signs, umlauts);
            for length in *SHORT_WORDS.start()..=RUN {
                take(&folded, &runs.as_written, length);
            }
            take(&undoubled(folded), &runs.undoubled, RUN);
        }
    }
    taken.contains(&true).then(|| rest(&characters, &taken))
}

/// The characters that were not removed. Signs beside a removed part are removed with it, because they separate or
/// decorate it.
fn rest(characters: &[char], taken: &[bool]) -> String {
    let marked: Vec<_> = characters.iter().zip(taken).collect();
    let pieces: Vec<_> = marked.chunk_by(|(_, one), (_, next)| one == next).collect();
    let is_sign = |c: char| !c.is_alphanumeric();
    let mut rest = String::new();
    for (place, piece) in pieces.iter().enumerate().filter(|(_, piece)| !piece[0].1) {
        let piece: String = piece.iter().map(|(c, _)| **c).collect();
        let piece = if place > 0 { piece.trim_start_matches(is_sign) } else { &piece };
        rest.push_str(if place + 1 < pieces.len() { piece.trim_end_matches(is_sign) } else { piece });
    }
    rest
}

/// The parts of the names that are looked for in a password, forwards and backwards.
#[derive(Default)]
struct Runs {
    as_written: HashSet<Vec<char>>,
    /// The parts for a password without doubled letters. Short words are left out, because with a letter less they
    /// occur in too many texts.
    undoubled: HashSet<Vec<char>>,
}

fn runs(names: &[String]) -> Runs {
    let mut runs = Runs::default();
    for name in names {
        let name: Vec<char> = name.nfc().take(NAME_LENGTH).collect();
        // Many domains share the last part, so it does not count.
        let end = name.iter().rposition(|c| *c == '.').filter(|_| name.contains(&'@')).unwrap_or(name.len());
        for umlauts in [Umlauts::Accents, Umlauts::TwoLetters] {
            let folded = |name: &[char]| fold(name, Signs::Separate, umlauts);
            let words = name[..end].split(|c| !c.is_alphanumeric()).map(|word| letters(&folded(word)));
            let whole = folded(&name);
            // A name that is no longer than a word counts as one, even if it has separators.
            let words = words.chain([letters(&whole)]).filter(|word| SHORT_WORDS.contains(&word.len()));
            insert(&mut runs.as_written, words.chain(letters(&whole).windows(RUN).map(<[char]>::to_vec)));
            insert(&mut runs.undoubled, letters(&undoubled(whole)).windows(RUN).map(<[char]>::to_vec));
        }
    }
    runs
}

fn insert(into: &mut HashSet<Vec<char>>, runs: impl Iterator<Item = Vec<char>>) {
    for run in runs {
        into.insert(run.iter().rev().copied().collect());
        into.insert(run);
    }
}

fn letters(folded: &[Letter]) -> Vec<char> {
    folded.iter().map(|letter| letter.is).collect()
}

/// A folded letter, with the positions of the characters that it comes from.
struct Letter {
    is: char,
    first: usize,
    last: usize,
}

/// Reduces each run of equal letters to one.
fn undoubled(mut folded: Vec<Letter>) -> Vec<Letter> {
    folded.dedup_by(|next, kept| {
        let is_same = next.is == kept.is;
        if is_same {
            kept.last = next.last;
        }
        is_same
    });
    folded
}

/// How `@` in a password is read: as a separator of words, or as an `a`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signs {
    Separate,
    AreLetters,
}

/// How `ä` is read: as an `a` with an accent, or as `ae`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Umlauts {
    Accents,
    TwoLetters,
}

/// The letters and digits of a text, folded so that different spellings are equal.
fn fold(characters: &[char], signs: Signs, umlauts: Umlauts) -> Vec<Letter> {
    let parts = |(place, c): (usize, &char)| {
        let written = (umlauts == Umlauts::TwoLetters).then(|| two_letters(*c)).flatten();
        let written = written.map_or_else(|| vec![*c], |two| two.to_vec());
        let decomposed = written.into_iter().nfkd().filter(|c| !is_combining_mark(*c));
        decomposed.flat_map(char::to_lowercase).flat_map(unlike).map(move |c| (c, place)).collect::<Vec<_>>()
    };
    let letter = |(c, place): (char, usize)| match signs {
        Signs::Separate if !c.is_alphanumeric() => (c, place),
        _ => (lookalike(c), place),
    };
    let folded = characters.iter().enumerate().flat_map(parts).map(letter);
    let folded = folded.filter(|(c, _)| c.is_alphanumeric()).take(FOLDED_LENGTH);
    folded.map(|(is, place)| Letter { is, first: place, last: place }).collect()
}

/// The letters that people type when their keyboard does not have this one.
fn two_letters(c: char) -> Option<[char; 2]> {
    match c {
        'ä' | 'Ä' => Some(['a', 'e']),
        'ö' | 'Ö' | 'ø' | 'Ø' => Some(['o', 'e']),
        'ü' | 'Ü' => Some(['u', 'e']),
        'å' | 'Å' => Some(['a', 'a']),
        _ => None,
    }
}

/// Letters that Unicode does not decompose, although people type them as others.
fn unlike(c: char) -> impl Iterator<Item = char> {
    let letters: &[char] = match c {
        'ß' => &['s', 's'],
        'æ' => &['a', 'e'],
        'œ' => &['o', 'e'],
        'ø' => &['o'],
        'đ' | 'ð' => &['d'],
        'ł' => &['l'],
        'ı' => &['i'],
        _ => &[],
    };
    let other = if letters.is_empty() { Some(c) } else { None };
    letters.iter().copied().chain(other)
}

/// The letter that a digit or sign stands for. If it stands for two letters, they count as one.
fn lookalike(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '2' => 'z',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '6' | '9' => 'g',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(password: &str, names: &[&str]) -> Option<String> {
        without_names(password, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_taken_out_in_every_spelling() {
        let names = ["ann.smith+shop@mail.example.org", "Annabella"];
        for (password, rest) in [
            ("ann.smith+shop@mail.example.org", ""),
            ("ANN.SMITH@EXAMPLE.ORG", ""),
            ("ann-smith mail//example", ""),
            ("annsmithshopmailexampleorg", ""),
            ("a.n.n.s.m.i.t.h.s.h.o.p", ""),
            ("4nn.$m1th+5h0p@m41l", ""),
            ("@nn@be11@", ""),
            ("gro.elpmaxe.liam@pohs+htims.nna", ""),
            ("allebannaannabella2026!", "2026!"),
            ("77 Ànnåbëllæ", "77"),
            ("\u{ff21}nnabella", ""),
            ("a\u{200b}nnabella", ""),
            ("(annabella)", ""),
            ("xkcd-annabella-horse", "xkcdhorse"),
            ("annabel", ""),
        ] {
            assert_eq!(left(password, &names).as_deref(), Some(rest), "{password}");
        }
    }

    #[test]
    fn umlauts_may_be_two_letters_and_letters_doubled_or_not() {
        for (name, password) in [
            ("juergen.mueller@example.org", "Jürgen Müller"),
            ("jürgen.müller@example.org", "JUERGENMUELLER"),
            ("ju\u{308}rgen.mu\u{308}ller@example.org", "juergen-mueller"),
            ("søren.ångström@example.org", "Soeren Aangstroem"),
            ("annabella", "anabela"),
            ("annabella", "aannnnnabellllla"),
            ("annabella", "aleebannallebana"),
            ("anabela", "Annabella!!"),
        ] {
            let rest = left(password, &[name]);
            assert!(rest.as_ref().is_some_and(|rest| rest.chars().count() <= 5), "{name} {password}: {rest:?}");
        }
        for (name, password) in [
            ("ann@x.org", "an old man can"),
            ("otto@x.org", "oto rhino laryngology"),
            ("bill.lee@x.org", "boil the leaves"),
            ("aaaaaaaa@x.org", "bananas are yellow"),
        ] {
            assert_eq!(left(password, &[name]), None, "{name} {password}");
        }
    }

    #[test]
    fn what_is_in_every_text_is_no_name() {
        assert_eq!(left("correct horse battery staple", &["ann@example.org"]), None);
        assert_eq!(left("a bicycle to be or not", &["a@b.co", "be"]), None);
        assert_eq!(left("the commander is coming", &["x@y.com"]), None, "the last part of a domain");
        assert_eq!(left("anything", &["", "@", "...", "a", "é"]), None);
        assert_eq!(left("", &["ann@example.org"]), None);
    }

    #[test]
    fn long_texts_take_no_longer_than_their_length() {
        let watch = crate::clock::Stopwatch::start();
        for c in ["a", "\u{fdfa}", "@", "1", "\u{301}"] {
            left(
                &c.repeat(256),
                &[&"a".repeat(100_000), &format!("{}@{}", c.repeat(5000), c.repeat(5000)), &c.repeat(32)],
            );
        }
        assert!(watch.elapsed().as_millis() < 2000, "a hash takes a hundredth of that: {:?}", watch.elapsed());
    }

    proptest! {
        #[test]
        fn a_name_in_any_spelling_leaves_what_was_added(
            local in "[a-z]{3,12}([._-][a-z]{1,8}){0,3}",
            domain in "[a-z]{3,12}",
            separator in "[ ._/-]{0,3}",
            added in "[0-9]{0,4}",
            upper in any::<bool>(),
            reversed in any::<bool>(),
        ) {
            let email = format!("{local}@{domain}.example");
            let spelt = email.replace(['@', '.', '-', '_'], &separator);
            let spelt = if reversed { spelt.chars().rev().collect() } else { spelt };
            let spelt = if upper { spelt.to_uppercase() } else { spelt };
            let rest = left(&format!("{spelt}{added}"), &[&email]);
            prop_assert!(rest.is_some_and(|rest| rest.len() <= added.len()));
        }

        #[test]
        fn what_is_left_are_characters_of_the_password_in_their_order(password in ".{0,64}", name in ".{0,40}") {
            if let Some(rest) = left(&password, &[&name]) {
                let mut characters = password.chars();
                prop_assert!(rest.chars().all(|c| characters.any(|other| other == c)));
                prop_assert!(rest.len() < password.len());
            }
        }
    }
}
