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

    /// The kinds of the parts that it has directly, not in one of its parts.
    pub(super) fn own(&self) -> Vec<String> {
        self.0.children().map(|node| format!("{:?}", node.kind())).collect()
    }

    /// Whether it has such a part directly.
    pub(super) fn has_its_own(&self, kind: &str) -> bool {
        self.own().iter().any(|own| own == kind)
    }

    /// The table that it makes or changes, without its schema.
    pub(super) fn table(&self) -> Option<String> {
        let is_name = |kind: &str| ["TABLE_NAME", "TABLE_RELATION_NAME"].contains(&kind);
        let first = self.0.children().find(|node| is_name(&format!("{:?}", node.kind())))?;
        Statement(first).last_word()
    }

    /// The tables whose rows it writes or reads, without their schemas.
    pub(super) fn tables_of_rows(&self) -> Vec<String> {
        let is_row_of = |node: &SyntaxNode| {
            let parent = node.parent().map(|parent| format!("{:?}", parent.kind())).unwrap_or_default();
            match format!("{:?}", node.kind()).as_str() {
                "RELATION_NAME_REF" => ["RELATION_NAME", "INSERT", "RELATION_FROM_ITEM"].contains(&&*parent),
                "TABLE_NAME_REF" => parent == "TABLE_RELATION_NAME",
                _ => false,
            }
        };
        let named = self.0.descendants().filter(is_row_of).filter_map(|node| Statement(node).last_word());
        let within = self.parts(|kind| kind == "WITH_TABLE");
        let within: Vec<_> = within.iter().filter_map(|part| part.words().first().cloned()).collect();
        named.filter(|name| !within.contains(name)).collect()
    }

    /// A name's own part, without its schema.
    pub(super) fn last_word(&self) -> Option<String> {
        self.words().last().map(|word| word.trim_matches('"').to_owned())
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
