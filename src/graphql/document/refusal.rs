//! Errors for documents that exceed a bound.

use async_graphql::{Pos, ServerError, Value};

use crate::graphql::error::{Code, cut};

/// An error with a code. The default position is none.
pub(super) fn refusal(message: String, position: Pos, code: Code) -> ServerError {
    let mut error = ServerError::new(message, Some(position).filter(|position| *position != Pos::default()));
    code.mark(&mut error);
    cut(&mut error);
    error
}

/// The error for a document that exceeds a bound. It names the bound and its value, in the message for people and in
/// `extensions` for programs.
pub(super) fn over(what: &str, limit: usize, position: Pos) -> ServerError {
    let message = format!("At most {limit} {what} are answered at once.");
    let mut error = refusal(message, position, Code::QueryTooComplex);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("bound", what);
    extensions.set("limit", Value::from(limit as u64));
    error
}
