//! A document's text as the library's parser can read it.

use std::borrow::Cow;

use super::tokens::{Kind, Tokens};

/// The same document without what is sound GraphQL and not for the parser: comments, since it knows none between `on` and a type,
/// escapes in strings for characters beyond 16 bits (GraphQL specification, section 2.9.4), and the zero with a sign. Lines stay where they are.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    let mut read = String::new();
    let mut from = 0;
    for token in Tokens::of(text).map_while(Result::ok) {
        let written = text.get(token.start..token.end).unwrap_or_default();
        let other = match token.kind {
            Kind::Comment => " ".repeat(written.chars().count()),
            Kind::String if written.contains("\\u") => unescaped(written),
            // The parser reads it as a number that is not whole.
            Kind::Number if written == "-0" => " 0".to_owned(),
            _ => continue,
        };
        read.push_str(text.get(from..token.start).unwrap_or_default());
        read.push_str(&other);
        from = token.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    read.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(read)
}

/// A string with the characters themselves for `\u{1F600}` and `\uD83D\uDE00`. What is no character stays, and is refused.
fn unescaped(written: &str) -> String {
    let mut read = String::new();
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        read.push_str(before);
        let (length, character) = escape_of(escape);
        match character {
            Some(character) => read.push(character),
            None => read.push_str(escape.get(..length).unwrap_or(escape)),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    read + rest
}

/// How long the escape is, and the character beyond 16 bits that it stands for.
fn escape_of(escape: &str) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let digits = escape.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if let Some(braced) = escape.strip_prefix("\\u{") {
        let Some((digits, _)) = braced.split_once('}') else { return (2, None) };
        let is_hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let character = u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal).and_then(char::from_u32);
        // A quote or a backslash itself would be read as more than that.
        let character = character.filter(|character| !character.is_ascii());
        return (if character.is_some() { digits.len() + 4 } else { 2 }, character);
    }
    let pair = unit(0).zip(unit(6)).and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
    match pair {
        Some(character) if character > '\u{ffff}' => (12, Some(character)),
        _ => (2, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_parser_can_not_read_is_changed() {
        for (text, read) in [
            ("{ a }", "{ a }"),
            ("{ a # é { \n b }", "{ a       \n b }"),
            (
                r#"{ a(b: "\u{1F600} \uD83D\uDE00 # \\uD83D\uDE00 \u00e9 \n") }"#,
                r#"{ a(b: "😀 😀 # \\uD83D\uDE00 \u00e9 \n") }"#,
            ),
            (
                r#"{ a(b: "\u{D800} \uD83D \uDE00\uD83D \u{} \u{zz} \u{110000}") }"#,
                r#"{ a(b: "\u{D800} \uD83D \uDE00\uD83D \u{} \u{zz} \u{110000}") }"#,
            ),
            ("{ a(b: -0, c: -0.0) }", "{ a(b:  0, c: -0.0) }"),
            (r#"{ a(b: """\u{1F600} # """) }"#, r#"{ a(b: """\u{1F600} # """) }"#),
        ] {
            assert_eq!(legible(text), read);
        }
    }
}
