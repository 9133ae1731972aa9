//! Statements as our rules look at them: their kinds, their words, and what stands in them.

use squawk_syntax::ast::{AstNode, Stmt};
use squawk_syntax::{Parse, SourceFile, SyntaxNode};

/// A statement of a migration.
pub(super) struct Statement(SyntaxNode);

/// The statements of a text, in their order.
pub(super) fn statements(parsed: &Parse<SourceFile>) -> Vec<Statement> {
    let is_empty = |stmt: &Stmt| matches!(stmt, Stmt::EmptyStmt(_));
    parsed.tree().stmts().filter(|stmt| !is_empty(stmt)).map(|stmt| Statement(stmt.syntax().clone())).collect()
}

impl Statement {
    /// The name of its kind, such as `ALTER_TABLE`.
    pub(super) fn kind(&self) -> String {
        format!("{:?}", self.0.kind())
    }

    /// The words outside comments, keywords in the case in which they are written.
    pub(super) fn words(&self) -> Vec<String> {
        let tokens = self.0.descendants_with_tokens().filter_map(|element| element.into_token());
        tokens.filter(|token| !token.kind().is_trivia()).map(|token| token.text().to_owned()).collect()
    }

    /// The words with one space between.
    pub(super) fn text(&self) -> String {
        self.words().join(" ")
    }

    /// Those of its parts, itself among them, whose kind's name this says yes to.
    pub(super) fn parts(&self, is_it: impl Fn(&str) -> bool) -> Vec<Statement> {
        self.0.descendants().filter(|node| is_it(&format!("{:?}", node.kind()))).map(Statement).collect()
    }

    /// Whether it has such a part directly, not in one of its parts.
    pub(super) fn has_its_own(&self, kind: &str) -> bool {
        self.0.children().any(|node| format!("{:?}", node.kind()) == kind)
    }

    /// The word that follows these.
    pub(super) fn word_after(&self, words: &[&str]) -> Option<String> {
        let own = self.words();
        let place = own
            .windows(words.len())
            .position(|window| window.iter().zip(words).all(|(own, word)| own.eq_ignore_ascii_case(word)))?;
        own.get(place + words.len()).cloned()
    }

    /// Whether this word is one of its own.
    pub(super) fn says(&self, word: &str) -> bool {
        self.words().iter().any(|own| own.eq_ignore_ascii_case(word))
    }
}
