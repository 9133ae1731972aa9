//! Validates documents as the GraphQL specification requires (section 5): the library's rules, and what those leave
//! out.

mod library;
mod overlap;
mod shape;
mod values;
mod walk;

use async_graphql::ServerError;
use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql::registry::Registry;

use super::refusal::refusal;
use crate::graphql::error::{Code, invalid};
pub(crate) use library::Library;
pub(super) use overlap::kind;
pub(super) use values::is_required;
pub(super) use walk::root;

/// Validates a document. The variables' values play no part in it.
///
/// # Errors
/// The errors of the document. Our own rules are checked only if the library finds no error.
pub(super) async fn check(
    document: &ExecutableDocument,
    registry: &Registry,
    library: &Library,
) -> Result<(), Vec<ServerError>> {
    known_types(document, registry).map_err(|error| vec![error])?;
    library.check(document).await.map_err(invalid)?;
    for rule in [walk::errors, overlap::errors] {
        let errors = rule(document, registry);
        if !errors.is_empty() {
            return Err(invalid(errors));
        }
    }
    Ok(())
}

/// The library panics at a default of a list of an unknown type.
fn known_types(document: &ExecutableDocument, registry: &Registry) -> Result<(), ServerError> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions {
        let name = named(&definition.node.var_type.node);
        if !registry.types.contains_key(name) {
            let message = format!("Unknown type \"{name}\".");
            return Err(refusal(message, definition.pos, Code::GraphqlValidationFailed));
        }
    }
    Ok(())
}

/// The type within its lists.
fn named(kind: &Type) -> &str {
    match &kind.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}
