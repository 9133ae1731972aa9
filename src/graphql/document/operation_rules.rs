//! Rules for the variables of a request that the library does not check.

use async_graphql::{Pos, ServerError, Value, Variables};

use super::refusal::over;
use crate::config::Bounds;

/// A variable is copied wherever it is used. If its copies would be too large to be written out in the document, the
/// request is refused.
pub(super) fn values(variables: &Variables, uses: usize, bounds: &Bounds) -> Result<(), ServerError> {
    let count = variables.values().fold(0, |sum, value| sum + count(value));
    let largest = variables.values().map(weight).max().unwrap_or_default();
    // The first use needs no copy.
    if count > bounds.tokens || largest.saturating_mul(uses.saturating_sub(1)) > bounds.tokens {
        return Err(over("values of variables", bounds.tokens, Pos::default()));
    }
    Ok(())
}

/// Counts a value and all values in it. It is as deep as the JSON that was read.
fn count(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Bytes of a string that weigh as much as one value more.
const STRING: usize = 256;

/// The cost of a copy, in values.
fn weight(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(weight).sum::<usize>(),
        Value::String(text) => 1 + text.len() / STRING,
        _ => 1,
    }
}
