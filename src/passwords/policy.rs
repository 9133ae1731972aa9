//! Which passwords are strong enough (NIST SP 800-63B section 3.1.1: length and common passwords count, and there are
//! no rules of composition).

use std::fmt;
use std::ops::RangeInclusive;

use zeroize::Zeroizing;
use zxcvbn::Score;

use super::Password;
use super::own_name::{NAME_LENGTH, without_names};

/// The number of characters that a password may have.
pub const LENGTH: RangeInclusive<usize> = 8..=256;

/// The lowest score of zxcvbn, from 0 to 4, that is accepted. With 2, a password withstands guessing at a login form.
/// Argon2 protects against offline guessing.
const MIN_SCORE: Score = Score::Two;

/// How many characters zxcvbn gets. Its time grows with the square of the length: 100 characters like `4@8({[<` took
/// a second, and 32 take less time than four hashes.
const GUESSED_LENGTH: usize = 32;

/// Why a password is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPassword {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 256 characters.
    TooLong,
}

impl fmt::Display for BadPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "A password has at least {} characters.", LENGTH.start()),
            Self::TooLong => write!(f, "A password has at most {} characters.", LENGTH.end()),
        }
    }
}

/// Why a password is easily guessed, for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// What is wrong with it.
    pub warning: Option<String>,
    /// What would make it better.
    pub suggestions: Vec<String>,
}

/// Reads a new password and counts its characters.
///
/// # Errors
/// When it is too short or too long.
pub fn check(typed: String) -> Result<Password, BadPassword> {
    let password = Password::new(typed).ok_or(BadPassword::TooLong)?;
    match password.expose().chars().count() {
        length if length < *LENGTH.start() => Err(BadPassword::TooShort),
        length if length > *LENGTH.end() => Err(BadPassword::TooLong),
        _ => Ok(password),
    }
}

/// The guesses that somebody who knows the account would try first.
#[derive(Clone, Debug, Default)]
pub struct FirstGuesses {
    /// The account's names: the e-mail address as people and as programs write it, and the username.
    names: Vec<String>,
    /// The words that zxcvbn gets.
    words: Vec<String>,
}

impl FirstGuesses {
    /// The guesses for an account, or for one that is being registered. Its names need not be well-formed.
    pub(crate) fn new(email: &str, username: Option<&str>) -> Self {
        let email: String = email.trim().chars().take(NAME_LENGTH).collect();
        let mut names = vec![email.clone()];
        if let Some((local, domain)) = email.rsplit_once('@') {
            let spellings = [Some(idna::domain_to_unicode(domain).0), idna::domain_to_ascii(domain).ok()];
            names.extend(spellings.into_iter().flatten().map(|domain| format!("{local}@{domain}")));
        }
        names.extend(username.map(|username| username.chars().take(NAME_LENGTH).collect()));

        // The names are cut, because zxcvbn takes longer the more words there are.
        let email = email.chars().take(100).collect::<String>();
        let parts = email.split(['@', '.', '+', '-', '_']).map(str::to_owned);
        let username = username.iter().map(|username| username.chars().take(32).collect());
        let local = email.split('@').next().unwrap_or_default().to_owned();
        let words = [email.clone(), local, "portcullis".to_owned()].into_iter().chain(parts.take(8)).chain(username);
        Self { words: words.collect(), names }
    }
}

/// Why somebody who tries these guesses first would easily guess the password, if so.
pub(super) fn weakness(password: &Password, guesses: &FirstGuesses) -> Option<Weakness> {
    let rest = without_names(password.expose(), &guesses.names).map(Zeroizing::new);
    let is_too_little =
        |rest: &str| rest.chars().count() < *LENGTH.start() || weakness_of_beginning(rest, &guesses.words).is_some();
    if rest.is_some_and(|rest| is_too_little(&rest)) {
        return Some(Weakness {
            warning: Some("This is mainly your e-mail address or username.".to_owned()),
            suggestions: vec!["Use words that are not part of it.".to_owned()],
        });
    }
    weakness_of_beginning(password.expose(), &guesses.words)
}

fn weakness_of_beginning(text: &str, words: &[String]) -> Option<Weakness> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let beginning: String = text.chars().take(GUESSED_LENGTH).collect();
    let beginning = Zeroizing::new(beginning);
    let entropy = zxcvbn::zxcvbn(&beginning, &words);
    if entropy.score() >= MIN_SCORE {
        return None;
    }
    let feedback = entropy.feedback();
    Some(Weakness {
        warning: feedback.and_then(|feedback| feedback.warning()).map(|warning| warning.to_string()),
        suggestions: feedback
            .map(|feedback| feedback.suggestions().iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_after_normalisation() {
        assert_eq!(check("ü".repeat(7)).err(), Some(BadPassword::TooShort));
        assert!(check("u\u{308}".repeat(8)).is_ok());
        assert_eq!(check("u\u{308}".repeat(7)).err(), Some(BadPassword::TooShort));
        assert!(check("ü".repeat(256)).is_ok());
        assert_eq!(check("a".repeat(257)).err(), Some(BadPassword::TooLong));
        assert_eq!(check("a".repeat(1_000_000)).err(), Some(BadPassword::TooLong));
    }

    #[test]
    fn common_passwords_and_ones_own_name_are_weak() {
        let guesses = FirstGuesses::new("ada.lovelace@example.com", Some("ada"));
        let weak = |typed: &str| weakness(&check(typed.into()).unwrap(), &guesses);
        for typed in ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "ada.lovelace@example.com"] {
            assert!(weak(typed).is_some(), "{typed}");
        }
        assert_eq!(weak("correct horse battery staple"), None);
        assert_eq!(weak("  spaces are kept  "), None);
        let long_beginning = format!("{}{}", "a".repeat(32), "correct horse battery staple");
        assert!(weak(&long_beginning).is_some(), "only the beginning is looked at");
    }

    #[test]
    fn what_is_mainly_a_name_is_weak_at_every_length_and_what_mentions_it_is_not() {
        let guesses =
            FirstGuesses::new("long-enough-name.of.ann+shop@mail.xn--bcher-kva.example", Some("annabella_lovelace"));
        let weak = |typed: &str| weakness(&check(typed.into()).unwrap(), &guesses).is_some();
        for typed in [
            "long-enough-name.of.ann@mail.bücher.example",
            "long-enough-name.of.ann@mail.bucher.example",
            "xn--bcher-kva.example-of.ann",
            "long-enough-name.of.ann password",
            "annabella lovelace 12345678",
            "!\"$%&/()=? annabella ?=)(/&%$\"!",
        ] {
            assert!(weak(typed), "{typed}");
        }
        for typed in ["xkcd-ann-correct-horse-battery", "annabella never eats grapefruit", "vK8#qLm2zWx!Ty7p"] {
            assert!(!weak(typed), "{typed}");
        }
    }
}
