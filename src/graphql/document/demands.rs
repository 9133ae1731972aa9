//! What an operation and its variables must fulfil, and the library does not look at.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};

use super::refusal::{over, refusal};
use crate::config::Bounds;
use crate::graphql::error::Code;

/// A variable is copied wherever it is used. What could not be written out in the document, at each of these places, is not
/// let in beside it.
pub(super) fn values(variables: &Variables, uses: usize, bounds: &Bounds) -> Result<(), ServerError> {
    let count = variables.values().fold(0, |sum, value| sum + count(value));
    let largest = variables.values().map(weight).max().unwrap_or_default();
    // Its first use is no copy too many.
    if count > bounds.tokens || largest.saturating_mul(uses.saturating_sub(1)) > bounds.tokens {
        return Err(over("values of variables", bounds.tokens, Pos::default()));
    }
    Ok(())
}

/// A value and all in it. It is as deep as the JSON that was read.
fn count(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Bytes of a string that weigh as much as one value more.
const STRING: usize = 256;

/// What a copy costs, in values.
fn weight(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(weight).sum::<usize>(),
        Value::String(text) => 1 + text.len() / STRING,
        _ => 1,
    }
}

/// The specification (section 6.3.2) would execute a mutation's field once, however often it is written under one response key.
/// Whoever writes it twice may not mean that, and what was done can't be undone.
pub(super) fn no_mutation_twice(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), ServerError> {
    if operation.ty != OperationType::Mutation {
        return Ok(());
    }
    let mut seen = Seen { document, keys: HashSet::new(), fragments: HashSet::new() };
    seen.visit(&operation.selection_set.node)
}

struct Seen<'a> {
    document: &'a ExecutableDocument,
    keys: HashSet<&'a Name>,
    fragments: HashSet<&'a Name>,
}

impl<'a> Seen<'a> {
    fn visit(&mut self, selections: &'a SelectionSet) -> Result<(), ServerError> {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node == "__typename" => {}
                Selection::Field(field) => self.once(field.node.response_key(), selection)?,
                Selection::InlineFragment(fragment) => self.visit(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    if !self.fragments.insert(&name.node) {
                        return Err(repeated(&name.node, selection.pos));
                    }
                    if let Some(fragment) = self.document.fragments.get(&name.node) {
                        self.visit(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn once(&mut self, key: &'a Positioned<Name>, selection: &Positioned<Selection>) -> Result<(), ServerError> {
        if self.keys.insert(&key.node) { Ok(()) } else { Err(repeated(&key.node, selection.pos)) }
    }
}

fn repeated(name: &Name, position: Pos) -> ServerError {
    let message = format!("This mutation has {name} twice. Give each its own alias.");
    refusal(message, position, Code::GraphqlValidationFailed)
}
