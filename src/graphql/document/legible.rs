//! A document's text as the library's parser can read it.

use std::borrow::Cow;

use async_graphql::parser::parse_query;

use super::grammar::DEFINITIONS;
use super::tokens::{Kind, Token, Tokens};

/// The same document without what is sound GraphQL and not for the parser: comments, since it knows none between `on` and a type,
/// escapes in strings for characters beyond 16 bits (GraphQL specification, section 2.9.4), the zero with a sign, descriptions,
/// and what is ignored within the type of a variable. Lines stay where they are.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    match simple(text) {
        Cow::Borrowed(text) => whole_types(text),
        Cow::Owned(text) => Cow::Owned(whole_types(&text).into_owned()),
    }
}

/// The document with each token as the parser reads it.
fn simple(text: &str) -> Cow<'_, str> {
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

/// A document without comments, with what is ignored in a type behind it, and without descriptions.
fn whole_types(text: &str) -> Cow<'_, str> {
    let tokens: Vec<Token> = Tokens::of(text).map_while(Result::ok).collect();
    let written = |at: usize| tokens.get(at).and_then(|token| text.get(token.start..token.end)).unwrap_or_default();
    let (mut read, mut from) = (String::new(), 0);
    let (mut at, mut open) = (0, Vec::new());
    while let Some(token) = tokens.get(at) {
        let before = at.checked_sub(1).map(written).unwrap_or_default();
        let (start, mut end) = (at, at + 1);
        let other = match token.kind {
            Kind::Punctuator(bracket @ (b'{' | b'[' | b'(')) => {
                open.push(bracket);
                None
            }
            Kind::Punctuator(b'}' | b']' | b')') => {
                open.pop();
                None
            }
            Kind::Punctuator(b':') if at > 1 && written(at - 2) == "$" => {
                at = end;
                end = end_of_type(&tokens, at);
                (end > at + 1).then(|| in_one(text, &tokens[at..end]))
            }
            Kind::String | Kind::BlockString => {
                let next = written(end);
                let describes = match open[..] {
                    [] => matches!(before, "" | "}") && DEFINITIONS.contains(&next),
                    [b'('] => next == "$" && !matches!(before, "=" | ":"),
                    _ => false,
                };
                (describes && is_sound(written(at))).then(|| blank(written(at)))
            }
            _ => None,
        };
        if let (Some(other), Some(last)) = (other, end.checked_sub(1).and_then(|last| tokens.get(last))) {
            read.push_str(text.get(from..tokens[at].start).unwrap_or_default());
            read.push_str(&other);
            from = last.end;
        }
        at = end.max(start + 1);
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    read.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(read)
}

/// The token behind the type that begins `at`. What is no type is the parser's to refuse.
fn end_of_type(tokens: &[Token], at: usize) -> usize {
    let run = |at: usize, wanted: fn(Kind) -> bool| {
        at + tokens.iter().skip(at).take_while(|token| wanted(token.kind)).count()
    };
    let name = run(at, |kind| kind == Kind::Punctuator(b'['));
    match tokens.get(name) {
        Some(token) if token.kind == Kind::Name => run(name + 1, |kind| matches!(kind, Kind::Punctuator(b']' | b'!'))),
        _ => at,
    }
}

/// These tokens without what is between them, and that behind them.
fn in_one(text: &str, tokens: &[Token]) -> String {
    let own = tokens.iter().map(|token| text.get(token.start..token.end));
    let between = tokens.windows(2).map(|pair| text.get(pair[0].end..pair[1].start));
    own.chain(between).flatten().collect()
}

/// White space in as many lines.
fn blank(text: &str) -> String {
    text.chars().map(|character| if matches!(character, '\r' | '\n') { character } else { ' ' }).collect()
}

/// Whether the parser can read this string.
fn is_sound(string: &str) -> bool {
    parse_query(format!("{{ a(b: {string}) }}")).is_ok()
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
            // A quote or a backslash itself would be read as more than that.
            Some(character) if character.is_ascii() => read.push_str(&format!("\\u{:04x}", u32::from(character))),
            Some(character) => read.push(character),
            None => read.push_str(escape.get(..length).unwrap_or(escape)),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    read + rest
}

/// How long the escape is, and the character that it stands for, if the parser does not know the escape.
fn escape_of(escape: &str) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let digits = escape.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if let Some(braced) = escape.strip_prefix("\\u{") {
        let Some((digits, _)) = braced.split_once('}') else { return (2, None) };
        // graphql-js reads no more than eight.
        let is_hexadecimal = matches!(digits.len(), 1..=8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let character = u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal).and_then(char::from_u32);
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
            (r#"{ a(b: "\u{55}ser \u{22} \u{5c}") }"#, r#"{ a(b: "\u0055ser \u0022 \u005c") }"#),
            (r#"{ a(b: "\u{0001F600} \u{00001F600}") }"#, r#"{ a(b: "😀 \u{00001F600}") }"#),
            (
                "query($a: Int !, $b : [ , ID # c\n!]\n !=[1]) { a }",
                "query($a: Int! , $b : [ID!]! ,     \n\n =[1]) { a }",
            ),
            ("query($a: [é Int], $b: = 1) { a(b: $c : [ d ]) }", "query($a: [Int]é , $b: = 1) { a(b: $c : [d]  ) }"),
            (
                "\"\"\"d\n\"\"\" query(\"d\" $a: T = \"x\" $b: T) { a }",
                "    \n    query(    $a: T = \"x\" $b: T) { a }",
            ),
            ("query \"d\" query { a }", "query \"d\" query { a }"),
            (r#"{ a } "\x" query Q { a } "d" { a }"#, r#"{ a } "\x" query Q { a } "d" { a }"#),
        ] {
            assert_eq!(legible(text), read);
        }
    }
}
