//! Usernames.

use std::fmt;
use std::ops::RangeInclusive;

/// The number of characters that a username may have.
const LENGTH: RangeInclusive<usize> = 3..=32;

/// A username: ASCII letters, digits, `.`, `-` and `_`, with a letter or digit at the beginning and at the end. So
/// letters of other scripts can't make two look alike. Two that differ only in case are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// Why a username is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadUsername {
    /// It has fewer than 3 characters.
    TooShort,
    /// It has more than 32 characters.
    TooLong,
    /// It has other characters, or begins or ends with a mark.
    Characters,
}

impl Username {
    /// Reads a username. Spaces around it are removed.
    ///
    /// # Errors
    /// When it is too short, too long, or has other characters.
    pub fn parse(typed: &str) -> Result<Self, BadUsername> {
        let typed = typed.trim();
        if typed.chars().take(LENGTH.end() + 1).count() > *LENGTH.end() {
            return Err(BadUsername::TooLong);
        }
        let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !typed.chars().all(allowed) || !edge(typed.chars().next()) || !edge(typed.chars().next_back()) {
            return Err(BadUsername::Characters);
        }
        if typed.len() < *LENGTH.start() {
            return Err(BadUsername::TooShort);
        }
        Ok(Self(typed.to_owned()))
    }

    /// The username as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which usernames are compared. The index `accounts_username_key` folds in the same way.
    pub(super) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for BadUsername {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "A username has at least 3 characters.",
            Self::TooLong => "A username has at most 32 characters.",
            Self::Characters => {
                "A username has letters a to z, digits and . - _ and begins and ends with a letter or digit."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_typed_what_is_kept_is_ascii(
            typed in prop_oneof!["[a-z._ \\-\\PC]{0,8}", "[a-zA-Z0-9._-]{0,40}", "[a-z0-9]\\PC{0,3}[A-Z0-9]", any::<String>()],
        ) {
            if let Ok(username) = Username::parse(&typed) {
                let kept = username.as_str();
                prop_assert!(kept.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{typed:?}");
                prop_assert_eq!(kept, typed.trim());
                // As the table requires.
                prop_assert!(LENGTH.contains(&kept.len()), "{typed:?}");
                prop_assert_eq!(Username::parse(kept), Ok(username.clone()));
                let folded = Username::parse(&username.folded());
                prop_assert_eq!(folded.map(|folded| folded.folded()), Ok(username.folded()));
            }
        }
    }

    #[test]
    fn letters_digits_and_inner_marks_are_taken() {
        for typed in ["ada", "Ada.Lovelace", "a-1_b", "42nd", &"a".repeat(32)] {
            assert!(Username::parse(typed).is_ok(), "{typed}");
        }
    }

    #[test]
    fn others_are_refused_with_the_reason() {
        use BadUsername::*;
        let long = "a".repeat(33);
        for (typed, why) in [
            ("", TooShort),
            ("ab", TooShort),
            (long.as_str(), TooLong),
            ("a@b", Characters),
            (".ada", Characters),
            ("ada-", Characters),
            ("a da", Characters),
            ("аda", Characters),
            ("ada\u{202e}", Characters),
            ("ad\u{301}a", Characters),
            ("ada\0", Characters),
        ] {
            assert_eq!(Username::parse(typed), Err(why), "{typed:?}");
        }
    }
}
