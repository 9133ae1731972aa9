//! What the library does not ask of a document before it executes it.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};

use super::error::{Code, cut};

/// The `operationName` of a request.
pub(crate) struct OperationName(pub(crate) Option<String>);

/// Most selections of an operation or fragment, each spread counted with all that it brings. What tools ask of a whole
/// schema has some 250.
const MAX_SELECTIONS: usize = 1000;

/// Most selections of all operations and fragments of a document together: validation looks at all of them.
const MAX_TOTAL: usize = 5 * MAX_SELECTIONS;

/// Deepest nesting of selections, fragments counted.
const MAX_DEPTH: usize = 32;

/// Refuses a document that is small to send and huge to execute. Before anything else sees it: the library's own checks
/// follow each spread anew, so twenty fragments that spread the next one twice take it seconds.
pub(super) fn measure(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut sizes = Sizes { document, fragments: HashMap::new() };
    let mut total = 0;
    for (_, operation) in document.operations.iter() {
        total += sizes.of(&operation.node.selection_set, 0)?.selections;
    }
    for name in document.fragments.keys() {
        total += sizes.of_fragment(name, Pos::default(), 0)?.selections;
    }
    if total > MAX_TOTAL { Err(too_complex(Pos::default())) } else { Ok(()) }
}

#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
}

/// Sizes of fragments, each found once; `None` while it is looked for.
struct Sizes<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Sizes<'a> {
    fn of(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> Result<Size, ServerError> {
        let mut size = Size::default();
        for selection in &set.node.items {
            if depth >= MAX_DEPTH {
                return Err(too_complex(selection.pos));
            }
            let inner = match &selection.node {
                Selection::Field(field) => self.of(&field.node.selection_set, depth + 1)?,
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set, depth + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, selection.pos, depth + 1)?
                }
            };
            size.selections += 1 + inner.selections;
            size.depth = size.depth.max(1 + inner.depth);
            if size.selections > MAX_SELECTIONS || depth + size.depth > MAX_DEPTH {
                return Err(too_complex(selection.pos));
            }
        }
        Ok(size)
    }

    fn of_fragment(&mut self, name: &'a Name, position: Pos, depth: usize) -> Result<Size, ServerError> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(refusal(message, position, Code::GraphqlValidationFailed));
            }
            None => {}
        }
        // Without a fragment of that name the library says so.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let size = self.of(&fragment.node.selection_set, depth)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
}

fn too_complex(position: Pos) -> ServerError {
    let message = format!("At most {MAX_SELECTIONS} selections, {MAX_DEPTH} deep, are answered at once.");
    refusal(message, position, Code::QueryTooComplex)
}

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
        let missing = match variables.get(&definition.name.node) {
            None => definition.default_value.is_none(),
            Some(value) => *value == Value::Null,
        };
        missing && !definition.var_type.node.nullable
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

fn refusal(message: String, position: Pos, code: Code) -> ServerError {
    let mut error = ServerError::new(message, Some(position));
    code.mark(&mut error);
    cut(&mut error);
    error
}
