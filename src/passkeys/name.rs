//! The names that owners give their passkeys.

/// Longest name, in characters.
const MAX_LENGTH: usize = 64;

/// What a passkey is called that nobody named.
const USUAL: &str = "Passkey";

/// A name of a passkey, without white space around it. It may hold whatever else somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PasskeyName(String);

/// Why a text can't be the name of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPasskeyName {
    #[error("A name has at least one character.")]
    TooShort,
    #[error("A name has at most {MAX_LENGTH} characters.")]
    TooLong,
    #[error("A name is one line, without control characters.")]
    Characters,
}

impl PasskeyName {
    pub(crate) fn parse(typed: &str) -> Result<Self, BadPasskeyName> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(BadPasskeyName::TooShort);
        }
        if name.chars().nth(MAX_LENGTH).is_some() {
            return Err(BadPasskeyName::TooLong);
        }
        if name.chars().any(is_control) {
            return Err(BadPasskeyName::Characters);
        }
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PasskeyName {
    fn default() -> Self {
        Self(USUAL.to_owned())
    }
}

/// Whether the character is a control character, ends a line, or changes the direction of writing (`Bidi_Control`). What joins the
/// parts of an emoji is none of these.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_of_text_without_white_space_around_it() {
        let name = |typed: &str| PasskeyName::parse(typed).map(|name| name.as_str().to_owned());
        assert_eq!(name(" \u{a0}Ada's laptop\n").as_deref(), Ok("Ada's laptop"));
        for taken in ["x", "<b>&amp;\"'", "👩🏽‍💻 ❤️", "名前", "' OR 1=1 --", &"ü".repeat(64)] {
            assert_eq!(name(taken).as_deref(), Ok(taken));
        }
        for (refused, why) in [
            ("", BadPasskeyName::TooShort),
            (" \t\u{3000}", BadPasskeyName::TooShort),
            (&"ü".repeat(65), BadPasskeyName::TooLong),
            ("a\0b", BadPasskeyName::Characters),
            ("a\nb", BadPasskeyName::Characters),
            ("a\u{2028}b", BadPasskeyName::Characters),
            ("a\u{202e}b", BadPasskeyName::Characters),
            ("a\u{200f}b", BadPasskeyName::Characters),
            ("a\u{85}b", BadPasskeyName::Characters),
        ] {
            assert_eq!(name(refused), Err(why), "{refused:?}");
        }
        assert_eq!(PasskeyName::default(), PasskeyName::parse("Passkey").unwrap());
    }
}
