//! What the library does not ask of a document before it executes it.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};

use super::error::Code;

/// The `operationName` of a request.
pub(crate) struct OperationName(pub(crate) Option<String>);

/// Refuses what would be executed otherwise than it reads.
pub(super) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    chosen: Option<&str>,
) -> Result<(), ServerError> {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(all) => match chosen {
            Some(name) => all.get(name),
            None => all.values().next().filter(|_| all.len() == 1),
        },
    };
    // Without an operation the library says so.
    let Some(operation) = operation else { return Ok(()) };
    required_variables(&operation.node, variables)?;
    if operation.node.ty == OperationType::Mutation {
        let mut seen = Seen { document, keys: HashSet::new(), fragments: HashSet::new() };
        seen.visit(&operation.node.selection_set.node)?;
    }
    Ok(())
}

/// GraphQL specification, section 6.1.2: without a required variable nothing is executed.
fn required_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), ServerError> {
    let missing = operation.variable_definitions.iter().find(|definition| {
        let definition = &definition.node;
        let given = variables.get(&definition.name.node).is_some_and(|value| *value != Value::Null);
        !definition.var_type.node.nullable && definition.default_value.is_none() && !given
    });
    match missing {
        None => Ok(()),
        Some(definition) => {
            let message = format!("The variable ${} is required.", definition.node.name.node);
            Err(refusal(message, definition.pos, Code::BadUserInput))
        }
    }
}

/// The library executes a mutation's field as often as it is written, and answers once for each response key; the
/// specification (section 6.3.2) would execute it once.
struct Seen<'a> {
    document: &'a ExecutableDocument,
    keys: HashSet<&'a Name>,
    fragments: HashSet<&'a Name>,
}

impl<'a> Seen<'a> {
    fn visit(&mut self, selections: &'a SelectionSet) -> Result<(), ServerError> {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key();
                    self.once(key, selection)?;
                }
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

fn refusal(message: String, position: Pos, code: Code) -> ServerError {
    let mut error = ServerError::new(message, Some(position));
    code.mark(&mut error);
    error
}
