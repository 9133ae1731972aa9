//! Documents: what the library does not ask of one before it executes it, and those that are known already.

mod complexity;
mod conceal;
mod demands;
mod extension;
mod known;
mod measure;
mod refusal;
mod registered;
mod scan;
mod weights;

use std::mem::size_of;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::registry::Registry;
use async_graphql::{Positioned, ServerError, Variables};

use super::error::{Code, cut, without_line};
use crate::config::Bounds;
pub(super) use extension::Documents;
pub(crate) use known::Named;
pub(super) use known::{Known, Mode};
use refusal::over;
pub use registered::{Registered, registered};

/// A document that was parsed and found within the bounds that hold whatever its variables are.
pub(crate) struct Document {
    text: Box<str>,
    parsed: ExecutableDocument,
    /// What its only operation weighs, if no variable changes it.
    weight: Option<u64>,
    /// How often it uses variables.
    uses: usize,
    /// Whether it asks for the schema.
    pub(super) introspects: bool,
    /// Whether a password or a token may be written in it, where a variable should be. It is not kept then.
    secret: bool,
    /// Estimated, and rather too many.
    bytes: u64,
}

/// Memory of a token in a parsed document: at the most a selection with its name, in a list that has grown to twice its length.
const TOKEN: usize = 2 * size_of::<Positioned<Selection>>() + 64;

/// Memory of a document beside its tokens.
const DOCUMENT: usize = 1024;

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// It is no GraphQL, is over a bound, or a fragment spreads itself.
    pub(super) fn read(text: &str, bounds: &Bounds, registry: &Registry) -> Result<Self, ServerError> {
        let counted = scan::scan(text, bounds)?;
        let parsed = parse_query(text).map_err(|error| {
            let mut error = ServerError::from(error);
            Code::GraphqlParseFailed.mark(&mut error);
            without_line(&mut error);
            cut(&mut error);
            error
        })?;
        let measured = measure::measure(&parsed, bounds)?;
        let weight = only_operation(&parsed, None).and_then(|operation| {
            let complexity = complexity::weigh(&parsed, &operation.node, &Variables::default(), registry);
            (!complexity.varies).then_some(complexity.weight)
        });
        let bytes = (DOCUMENT + text.len() + counted.tokens * TOKEN) as u64;
        let changes = parsed.operations.iter().any(|(_, operation)| operation.node.ty == OperationType::Mutation);
        let secret = changes && counted.strings > 0;
        let measure::Measured { uses, introspects } = measured;
        Ok(Self { text: text.into(), parsed, weight, uses, introspects, secret, bytes })
    }

    /// What is executed of it.
    pub(super) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// What the client sent.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Refuses an operation that weighs too much with these variables, or would be executed otherwise than it reads.
    ///
    /// # Errors
    /// As it says.
    pub(super) fn check(
        &self,
        variables: &Variables,
        chosen: Option<&str>,
        bounds: &Bounds,
        registry: &Registry,
    ) -> Result<(), ServerError> {
        demands::values(variables, self.uses, bounds)?;
        // Without an operation the library says so.
        let Some(operation) = only_operation(&self.parsed, chosen) else { return Ok(()) };
        self.check_weight(operation, variables, bounds, registry)?;
        demands::required_variables(&operation.node, variables)?;
        demands::no_mutation_twice(&self.parsed, &operation.node)
    }

    /// Refuses a document that has an operation which weighs too much, variables left out.
    ///
    /// # Errors
    /// As it says.
    pub(super) fn check_all(&self, bounds: &Bounds, registry: &Registry) -> Result<(), ServerError> {
        let mut operations = self.parsed.operations.iter();
        operations.try_for_each(|(_, operation)| self.check_weight(operation, &Variables::default(), bounds, registry))
    }

    fn check_weight(
        &self,
        operation: &Positioned<OperationDefinition>,
        variables: &Variables,
        bounds: &Bounds,
        registry: &Registry,
    ) -> Result<(), ServerError> {
        let weigh = || complexity::weigh(&self.parsed, &operation.node, variables, registry).weight;
        if self.weight.unwrap_or_else(weigh) > bounds.complexity as u64 {
            return Err(over("units of complexity", bounds.complexity, operation.pos));
        }
        Ok(())
    }
}

/// The name of an operation, if they have names.
fn any_name(document: &ExecutableDocument) -> Option<String> {
    match &document.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(all) => all.keys().next().map(ToString::to_string),
    }
}

/// The operation of this name, or without a name the only one.
fn only_operation<'a>(
    document: &'a ExecutableDocument,
    chosen: Option<&str>,
) -> Option<&'a Positioned<OperationDefinition>> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(all) => match chosen {
            Some(name) => all.get(name),
            None => all.values().next().filter(|_| all.len() == 1),
        },
    }
}
