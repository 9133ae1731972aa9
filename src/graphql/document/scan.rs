//! Scans the text of a document before it is parsed, because the parser recurses at every bracket and keeps every
//! token.

use async_graphql::{Pos, ServerError};

use super::grammar::Grammar;
use super::refusal::{over, refusal};
use super::tokens::{Kind, Malformed, Tokens};
use crate::config::Bounds;
use crate::graphql::error::Code;

/// Longest name, in bytes. Validation repeats names in its messages.
const NAME: usize = 128;

/// The result of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) tokens: usize,
    /// Those of them that are strings.
    pub(super) strings: usize,
}

/// Counts the tokens of a document (GraphQL specification, section 2.1), or refuses it. Everything counts that the
/// parser would read as a token or a bracket.
///
/// # Errors
/// When there are too many tokens, brackets are nested too deeply, a name is too long, or a token is malformed or in
/// a position where the grammar does not permit it and the parser would accept it.
pub(super) fn scan(text: &str, bounds: &Bounds) -> Result<Counted, ServerError> {
    let (mut counted, mut nesting, mut grammar) = (Counted::default(), 0_usize, Grammar::default());
    for token in Tokens::of(text) {
        let token = token.map_err(|Malformed { what, start }| malformed(what, text, start))?;
        match token.kind {
            Kind::Comment => continue,
            Kind::String | Kind::BlockString => counted.strings += 1,
            Kind::Punctuator(b'{' | b'[' | b'(') => {
                nesting += 1;
                if nesting > bounds.nesting {
                    return Err(over("nested brackets", bounds.nesting, position(text, token.start)));
                }
            }
            Kind::Punctuator(b'}' | b']' | b')') => nesting = nesting.saturating_sub(1),
            _ if token.end - token.start > NAME => {
                return Err(over("bytes of a name", NAME, position(text, token.start)));
            }
            _ => {}
        }
        counted.tokens += 1;
        if counted.tokens > bounds.tokens {
            return Err(over("tokens", bounds.tokens, position(text, token.start)));
        }
        grammar.next(token, text).map_err(|what| malformed(what, text, token.start))?;
    }
    Ok(counted)
}

fn malformed(what: &str, text: &str, start: usize) -> ServerError {
    refusal(what.to_owned(), position(text, start), Code::GraphqlParseFailed)
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
        assert_eq!(tokens("query($a: T = [-0 1.5e-5]) { a }"), 15);
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
