//! Documents: checks that the library does not make before it executes one, and the cache of known documents.

mod complexity;
mod conceal;
mod document_cache;
mod extension;
mod grammar;
mod legible;
mod measure;
mod name;
mod only_queries;
mod operation_rules;
mod prepare;
mod refusal;
mod registered;
mod registering;
mod rules;
mod scan;
mod tokens;
mod variables;
mod weights;

use std::mem::size_of;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};

use super::error::{Code, cut, without_line};
use crate::config::Bounds;
pub(super) use document_cache::{DocumentCache, Mode};
pub(super) use extension::Documents;
pub(crate) use name::Named;
pub(crate) use only_queries::OnlyQueries;
use prepare::{Prepared, prepare, prepare_once};
use refusal::{over, refusal};
pub(super) use registered::Registered;
pub(super) use registering::registered;
pub(super) use rules::Library;

/// A parsed document that is within all bounds that do not depend on its variables.
pub(crate) struct Document {
    text: Box<str>,
    parsed: ExecutableDocument,
    /// Its only operation, prepared once it was found valid, if no variable changes what is executed.
    prepared: Option<Prepared>,
    /// The weight of its only operation, if no variable changes it.
    weight: Option<u64>,
    /// How often it uses variables.
    uses: usize,
    /// Whether it queries the schema.
    pub(super) introspects: bool,
    /// Whether a password or a token may be written in it where a variable should be. Such a document is not cached.
    secret: bool,
    /// The estimated memory in bytes, which is rather too high.
    bytes: u64,
}

/// Memory of a token in a parsed document. At most it is a selection with its name, in a list that has grown to twice
/// its length.
const TOKEN: usize = 2 * size_of::<Positioned<Selection>>() + 64;

/// Memory of a document beside its tokens.
const DOCUMENT: usize = 1024;

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// The document is not GraphQL, exceeds a bound, or has a fragment that spreads itself.
    pub(super) fn read(text: &str, bounds: &Bounds, registry: &Registry) -> Result<Self, ServerError> {
        let counted = scan::scan(text, bounds)?;
        let parsed = parse_query(legible::legible(text)).map_err(|error| {
            let mut error = ServerError::from(error);
            Code::GraphqlParseFailed.mark(&mut error);
            without_line(&mut error);
            cut(&mut error);
            error
        })?;
        let measured = measure::measure(&parsed, bounds)?;
        let weight = chosen(&parsed, None).and_then(|(_, operation)| {
            let complexity = complexity::weigh(&parsed, &operation.node, &Variables::default(), registry);
            (!complexity.varies).then_some(complexity.weight)
        });
        // The parsed document has names and strings of its own.
        let bytes = (DOCUMENT + 2 * text.len() + counted.tokens * TOKEN) as u64;
        let changes = parsed.operations.iter().any(|(_, operation)| operation.node.ty == OperationType::Mutation);
        let secret = counted.strings > 0 && (changes || asks_with_secrets(text, registry));
        let measure::Measured { uses, introspects } = measured;
        Ok(Self { text: text.into(), parsed, prepared: None, weight, uses, introspects, secret, bytes })
    }

    /// What is executed in its place.
    pub(super) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// What the client sent.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Validates the document, and prepares what can be prepared once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) async fn validate(&mut self, registry: &Registry, library: &Library) -> Result<(), Vec<ServerError>> {
        rules::check(&self.parsed, registry, library).await?;
        self.prepared = chosen(&self.parsed, None).and_then(|only| prepare_once(&self.parsed, only, registry));
        self.bytes += self.prepared.as_ref().map_or(0, |prepared| prepared.bytes as u64);
        Ok(())
    }

    /// Refuses an operation that weighs too much with these variables, or values that are too many.
    ///
    /// # Errors
    /// When one is refused.
    pub(super) fn check(
        &self,
        variables: &Variables,
        name: Option<&str>,
        bounds: &Bounds,
        registry: &Registry,
    ) -> Result<(), ServerError> {
        operation_rules::values(variables, self.uses, bounds)?;
        // The library reports a missing operation.
        let Some((_, operation)) = chosen(&self.parsed, name) else { return Ok(()) };
        self.check_weight(operation, variables, bounds, registry)
    }

    /// Coerces the variables of the operation of this name, and prepares it where that was not done once. The document must have
    /// been found valid.
    ///
    /// # Errors
    /// When a variable is missing or has a wrong value, or a condition is null.
    pub(super) fn prepare(
        &self,
        variables: &mut Variables,
        name: Option<&str>,
        registry: &Registry,
    ) -> Result<Option<Prepared>, ServerError> {
        let Some(chosen) = chosen(&self.parsed, name) else {
            // The library would quote the name, and what stands in its place may be a password.
            let unknown = || refusal("No operation has this name.".to_owned(), Pos::default(), Code::BadUserInput);
            return if name.is_some() { Err(unknown()) } else { Ok(None) };
        };
        variables::coerce(&chosen.1.node, variables, registry)?;
        if self.prepared.is_some() { Ok(None) } else { prepare(&self.parsed, chosen, variables, registry) }
    }

    /// What was prepared once.
    pub(super) fn prepared(&self) -> Option<&Prepared> {
        self.prepared.as_ref()
    }

    /// Refuses a document with an operation that weighs too much even without its variables.
    ///
    /// # Errors
    /// When one is refused.
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

/// Whether a query may have a secret as an argument. It is enough that it has the name of such a field somewhere.
fn asks_with_secrets(text: &str, registry: &Registry) -> bool {
    let Some(MetaType::Object { fields, .. }) = registry.types.get(&registry.query_type) else { return false };
    fields.values().any(|field| field.args.values().any(|argument| argument.is_secret) && text.contains(&field.name))
}

/// The name of an operation, if they have names.
fn any_name(document: &ExecutableDocument) -> Option<String> {
    match &document.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(all) => all.keys().next().map(ToString::to_string),
    }
}

/// The operation of this name, or without a name the only one, with its name if it has one.
fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<(Option<&'a Name>, &'a Positioned<OperationDefinition>)> {
    match &document.operations {
        // It has no name, so no name can refer to it.
        DocumentOperations::Single(operation) => name.is_none().then_some((None, operation)),
        DocumentOperations::Multiple(all) => {
            let (name, operation) = match name {
                Some(name) => all.get_key_value(name),
                None => all.iter().next().filter(|_| all.len() == 1),
            }?;
            Some((Some(name), operation))
        }
    }
}
