//! Checks what the grammar of the specification does not permit and the library's parser accepts.

use std::collections::HashSet;

use super::tokens::{Kind, Token};

/// The state while reading one token after another.
#[derive(Default)]
pub(super) struct Grammar<'a> {
    open: Vec<Open<'a>>,
    /// The two tokens before; none before the first.
    before: [&'a str; 2],
    /// Whether a definition begins here.
    within: bool,
}

enum Open<'a> {
    Selections,
    Arguments,
    List,
    /// The fields of an input object, by the names that were there already.
    Object(HashSet<&'a str>),
}

/// The words that begin a definition.
pub(super) const DEFINITIONS: [&str; 4] = ["query", "mutation", "subscription", "fragment"];

/// Words that are values. The parser reads `nullx` as one of them and a name.
const VALUES: [&str; 3] = ["true", "false", "null"];

impl<'a> Grammar<'a> {
    /// Takes the next token.
    ///
    /// # Errors
    /// The error, which does not quote the text because it may be a password.
    pub(super) fn next(&mut self, token: Token, text: &'a str) -> Result<(), &'static str> {
        let written = text.get(token.start..token.end).unwrap_or_default();
        let [_, before] = self.before;
        if !self.within && token.kind == Kind::Name && !DEFINITIONS.contains(&written) {
            return Err("Expected a definition.");
        }
        match token.kind {
            Kind::Name if before == "fragment" && self.open.is_empty() && written == "on" => {
                return Err("No fragment is called \"on\".");
            }
            Kind::Name if matches!(before, ":" | "=") && self.is_in_value() && is_value_and_more(written) => {
                return Err("A name stands where a value should be.");
            }
            Kind::Punctuator(b'{') if self.is_in_value() => self.open.push(Open::Object(HashSet::new())),
            Kind::Punctuator(b'{') => self.open.push(Open::Selections),
            Kind::Punctuator(b'(') => self.open.push(Open::Arguments),
            Kind::Punctuator(b'[') => self.open.push(Open::List),
            Kind::Punctuator(b')') if before == "(" => return Err("Nothing stands between parentheses."),
            Kind::Punctuator(b'}' | b']' | b')') => drop(self.open.pop()),
            Kind::Punctuator(b':') => {
                if let Some(Open::Object(names)) = self.open.last_mut()
                    && !names.insert(before)
                {
                    return Err("An input object has a field twice.");
                }
            }
            _ => {}
        }
        // A description stands before its definition.
        let describes = !self.within && matches!(token.kind, Kind::String | Kind::BlockString);
        self.within = !(describes || self.open.is_empty() && written == "}");
        self.before = [before, written];
        Ok(())
    }

    /// Selections have no values but in parentheses.
    fn is_in_value(&self) -> bool {
        self.open.last().is_some_and(|open| !matches!(open, Open::Selections))
    }
}

fn is_value_and_more(name: &str) -> bool {
    VALUES.iter().any(|value| name.strip_prefix(value).is_some_and(|more| !more.is_empty()))
}

#[cfg(test)]
mod tests {
    use crate::graphql::document::tokens::Tokens;

    use super::*;

    fn is_allowed(text: &str) -> bool {
        let mut grammar = Grammar::default();
        Tokens::of(text).all(|token| token.is_ok_and(|token| grammar.next(token, text).is_ok()))
    }

    #[test]
    fn what_the_parser_lets_through_is_refused() {
        for text in [
            "queryQ { a }",
            "{ a } fragmentF on T { a }",
            "query() { a }",
            "{ a() }",
            "{ ...f } fragment on on T { a }",
            "{ a(b: { c: 1, c: 1 }) }",
            "{ a(b: [{ c: { d: 1 } c: 1 }]) }",
            "query($v: T = { c: 1 c: 2 }) { a }",
            "{ a @b(c: { d: 1 d: 1 }) }",
            "{ a(b: nullc: 1) }",
            "{ a(b: 007) }",
            "{ a(b: 1c: 2) }",
            "{ a(b: 1.) }",
            "{ a(b: -) }",
            "{ a(b: 0x1) }",
            "\"d\" queryQ { a }",
        ] {
            assert!(!is_allowed(text), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for text in [
            "query fragment { a }",
            "query query { a: b a: b }",
            "{ on ...on true: nullx } fragment f on on { a }",
            "{ a(b: [{ c: 1 }, { c: 1 }], d: { c: { c: 1 } }) { b(c: 1) } }",
            "query Q($trueish: T = { c: 1 } $b: [T!]! = [-0, 0.5, 1e5, -1.5E-5]) @d(c: $trueish) { a(nullx: null) }",
            "mutation { a } subscription S { a } { a } # queryQ { ",
        ] {
            assert!(is_allowed(text), "{text}");
        }
    }
}
