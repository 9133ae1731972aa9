//! What makes a password good enough (NIST SP 800-63B section 3.1.1: length and common ones, no rules of composition).

use std::fmt;
use std::ops::RangeInclusive;

use zeroize::Zeroizing;
use zxcvbn::Score;

use super::Password;

/// How many characters a password has.
pub const LENGTH: RangeInclusive<usize> = 8..=256;

/// Fewest points of zxcvbn's 0 to 4: at two, a password withstands guessing at a login form; offline guessing is Argon2's.
const MIN_SCORE: Score = Score::Two;

/// How many characters are looked at by zxcvbn, whose time grows with the square of the length: 100 characters of the kind
/// `4@8({[<` took it a second, 32 take less than four hashes.
const GUESSED_LENGTH: usize = 32;

/// Why a password can't be taken at all.
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
    match password.0.chars().count() {
        length if length < *LENGTH.start() => Err(BadPassword::TooShort),
        length if length > *LENGTH.end() => Err(BadPassword::TooLong),
        _ => Ok(password),
    }
}

/// Whether it is easily guessed by somebody who knows `context`, such as the e-mail address.
pub(super) fn weakness(password: &Password, context: &[String]) -> Option<Weakness> {
    let context: Vec<&str> = context.iter().map(String::as_str).collect();
    let beginning: String = password.0.chars().take(GUESSED_LENGTH).collect();
    let beginning = Zeroizing::new(beginning);
    let entropy = zxcvbn::zxcvbn(&beginning, &context);
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

/// What somebody who knows the account would try first. Cut: guessing its strength takes longer the more words there are.
pub(crate) fn first_guesses(email: &str, username: Option<&str>) -> Vec<String> {
    let email = email.chars().take(100).collect::<String>();
    let parts = email.split(['@', '.', '+', '-', '_']).map(str::to_owned);
    let username = username.iter().map(|username| username.chars().take(32).collect());
    let local = email.split('@').next().unwrap_or_default().to_owned();
    [email.clone(), local, "portcullis".to_owned()].into_iter().chain(parts.take(8)).chain(username).collect()
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
        let weak =
            |typed: &str| weakness(&check(typed.into()).unwrap(), &["ada.lovelace@example.com".into(), "ada".into()]);
        for typed in ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "ada.lovelace@example.com"] {
            assert!(weak(typed).is_some(), "{typed}");
        }
        assert_eq!(weak("correct horse battery staple"), None);
        assert_eq!(weak("  spaces are kept  "), None);
        let long_beginning = format!("{}{}", "a".repeat(32), "correct horse battery staple");
        assert!(weak(&long_beginning).is_some(), "only the beginning is looked at");
    }
}
