//! Hides names of the schema in error messages, where clients may not query the schema.

use async_graphql::ServerError;

/// Removes from a message each name that is not in the document. The library puts names in quotes. Any text between
/// two quotes without a space counts as a name, because a value in the message may have quotes of its own.
pub(super) fn conceal(error: &mut ServerError, document: &str) {
    let last = error.message.split('"').count() - 1;
    let parts = error.message.split('"').enumerate().map(|(number, part)| {
        let between = number > 0 && number < last;
        if between && !part.contains(' ') && !is_in(document, part) { "…" } else { part }
    });
    error.message = parts.collect::<Vec<_>>().join("\"");
}

/// Whether the document has all names of a type or a path, such as `[Int!]` or `input.email`.
fn is_in(document: &str, name: &str) -> bool {
    let names = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty());
    names.into_iter().all(|name| document.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_document_are_left() {
        for (message, said) in [
            (r#"Unknown field "mee" on type "Query"."#, r#"Unknown field "mee" on type "…"."#),
            (r#"Argument "input.email" of "[Login!]!""#, r#"Argument "…" of "…""#),
            (r#"The value "a"b" is not of "Login""#, r#"The value "a"b" is not of "…""#),
            (r#"A quote " and "Login"#, r#"A quote " and "Login"#),
            ("nothing", "nothing"),
        ] {
            let mut error = ServerError::new(message, None);
            conceal(&mut error, "{ mee(input: a, b) }");
            assert_eq!(error.message, said);
        }
    }
}
