//! A look at a document's text before the parser sees it, which recurses at every bracket and keeps every token.

use async_graphql::{Pos, ServerError};

use super::refusal::{over, refusal};
use crate::config::Bounds;
use crate::graphql::error::Code;

/// Longest name, in bytes. Validation repeats names in what it says.
const NAME: usize = 128;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) tokens: usize,
    /// Those of them that are strings.
    pub(super) strings: usize,
}

/// Counts the tokens of a document (GraphQL specification, section 2.1), or refuses it. Whatever the parser would take for a
/// token or a bracket is counted, up to the place where the parser would give up; numbers may count for several.
///
/// # Errors
/// When there are too many, brackets too deep in each other, a name is overlong or a string has no end.
pub(super) fn scan(text: &str, bounds: &Bounds) -> Result<Counted, ServerError> {
    let bytes = text.as_bytes();
    let (mut at, mut counted, mut nesting) = (0, Counted::default(), 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at = match byte {
            // Beyond ASCII only the byte order mark is not an error, and that is ignored.
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x80.. => {
                at += 1;
                continue;
            }
            b'#' => {
                at = run(bytes, at, |byte| !matches!(byte, b'\r' | b'\n'));
                continue;
            }
            b'"' => string(bytes, at).ok_or_else(|| {
                let message = "A string has no end.".to_owned();
                refusal(message, position(text, start), Code::GraphqlParseFailed)
            })?,
            b'{' | b'[' | b'(' => {
                nesting += 1;
                if nesting > bounds.nesting {
                    return Err(over("nested brackets", bounds.nesting, position(text, start)));
                }
                at + 1
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                at + 1
            }
            // The parser takes 007 for three numbers.
            b'0' => at + 1,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'1'..=b'9' => {
                run(bytes, at, |byte| byte == b'_' || byte.is_ascii_alphanumeric())
            }
            b'.' if bytes[at..].starts_with(b"...") => at + 3,
            _ => at + 1,
        };
        if byte == b'"' {
            counted.strings += 1;
        } else if at - start > NAME {
            return Err(over("bytes of a name", NAME, position(text, start)));
        }
        counted.tokens += 1;
        if counted.tokens > bounds.tokens {
            return Err(over("tokens", bounds.tokens, position(text, start)));
        }
    }
    Ok(counted)
}

/// The end of the bytes from `at` that are `wanted`.
fn run(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    at + bytes[at..].iter().take_while(|byte| wanted(**byte)).count()
}

/// The end of the string that begins at `at`, if it has one.
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    const BLOCK: &[u8] = b"\"\"\"";
    if bytes[at..].starts_with(BLOCK) {
        let mut at = at + BLOCK.len();
        loop {
            at += match bytes.get(at..)? {
                [] => return None,
                [b'\\', b'"', b'"', b'"', ..] => 4,
                [b'"', b'"', b'"', ..] => return Some(at + BLOCK.len()),
                _ => 1,
            };
        }
    }
    let mut at = at + 1;
    loop {
        at += match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\r' | b'\n' => return None,
            b'\\' => 2,
            _ => 1,
        };
    }
}

/// Lines and columns count from 1.
fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use async_graphql::Value;
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::Selection;
    use proptest::prelude::*;

    use super::*;

    fn bounds(tokens: usize, nesting: usize) -> Bounds {
        let time = Duration::from_secs(1);
        Bounds { tokens, nesting, depth: 9, complexity: 9, aliases: 9, root_fields: 9, directives: 9, time }
    }

    fn tokens(text: &str) -> usize {
        scan(text, &bounds(1000, 100)).expect("a document within its bounds").tokens
    }

    #[test]
    fn tokens_are_counted_as_the_specification_divides_them() {
        assert_eq!(tokens("{ a, b }"), 4);
        assert_eq!(tokens("query Q($a: [Int!]! = 10) { x: a(b: $a) @c ...F }"), 29);
        assert_eq!(tokens("# { { {\n{a}#"), 3);
        assert_eq!(tokens("\u{feff}{ a(b: \"{ \\\" { é\") }"), 8);
        assert_eq!(tokens("{ a(b: \"\"\" { \" \\\"\"\" \n { \"\"\") }"), 8);
        assert_eq!(tokens("{ a(b: [\"\" \"{\"]) }"), 11);
        assert_eq!(tokens("[007]"), 5, "as the parser reads it");
    }

    #[test]
    fn strings_without_an_end_hide_nothing() {
        for text in
            ["{ a(b: \"", "{ a(b: \"\n{", "{ a(b: \"\"\" \\\"\"\" {{{{", "{ a(b: [\"\"\"x\"]) {{{{", "\"\\", "\"\"\"\""]
        {
            let error = scan(text, &bounds(1000, 100)).expect_err(text);
            assert_eq!(error.message, "A string has no end.", "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Nothing that the parser accepts is nested deeper, or has more tokens, than was counted.
        #[test]
        fn a_document_that_parses_was_counted_whole(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "\"", "\"\"\"", "\\\"\"\"", "\\", "#", "\n", " ", "x", "0", "00", "1", "-", ".", "5e1", "[", "]", "$v",
                ]),
                0..24,
            )
        ) {
            let text = format!("{{ a(b: [{}]) }}", parts.concat());
            prop_assume!(parse_query(&text).is_ok());
            // The parser takes four quotes for two strings, the specification for one that has no end.
            if let Ok(counted) = scan(&text, &bounds(1000, 100)) {
                let values = values(&text);
                prop_assert!(counted.tokens >= values + 8, "{text}: {values} of {counted:?}");
            }
        }
    }

    /// How many values the argument has, lists counted.
    fn values(text: &str) -> usize {
        fn count(value: &Value) -> usize {
            match value {
                Value::List(list) => 1 + list.iter().map(count).sum::<usize>(),
                _ => 1,
            }
        }
        let document = parse_query(text).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("no field") };
        let value = field.node.arguments[0].1.node.clone();
        count(&value.into_const_with(|_| Ok::<_, ()>(Value::Null)).expect("a value"))
    }
}
