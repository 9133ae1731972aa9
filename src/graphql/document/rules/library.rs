//! The library's own rules, without executing anything.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, InlineFragment, Selection, SelectionSet};
use async_graphql::{Name, ObjectType, Positioned, Request, Response, ServerError};

use crate::graphql::bare;
use crate::graphql::document::any_name;
use crate::graphql::execute::Execute;
use crate::graphql::host::Host;

/// A schema that validates documents as they were sent, and executes none. What is executed is another document, prepared from the
/// one that was sent, which its rules would not fit: a fragment that is never used is an error, and has no place in it.
#[derive(Clone)]
pub(crate) struct Library(Arc<dyn Execute>);

impl Library {
    /// The rules, with or without suggestions, for documents of up to this depth.
    pub(crate) fn new<Q: ObjectType + 'static, M: ObjectType + 'static>(
        depth: usize,
        suggestions: bool,
        host: &Host<Q, M>,
    ) -> Self {
        let schema = bare(host).limit_recursive_depth(depth + 2).extension(Unexecuted);
        Self(Arc::new(if suggestions { schema.finish() } else { schema.disable_suggestions().finish() }))
    }

    /// # Errors
    /// The errors that the library finds.
    pub(super) async fn check(&self, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("");
        // The library needs to know which operation to execute.
        request.operation_name = any_name(document);
        request.set_parsed_query(seen(document.clone()));
        let errors = self.0.execute(request).await.errors;
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// The same document, so that the library takes nothing valid for invalid: each field under a key of its own, since it compares fields
/// that no object has together (we compare them, see `overlap.rs`); and directives of `__typename` around it, since it does not look
/// into that field and takes variables that are used there for unused.
fn seen(mut document: ExecutableDocument) -> ExecutableDocument {
    let operations = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    let mut fields = 0;
    for operation in operations {
        see(&mut operation.node.selection_set.node, &mut fields);
    }
    for fragment in document.fragments.values_mut() {
        see(&mut fragment.node.selection_set.node, &mut fields);
    }
    document
}

fn see(set: &mut SelectionSet, fields: &mut usize) {
    for selection in &mut set.items {
        let position = selection.pos;
        match &mut selection.node {
            Selection::Field(field) => {
                *fields += 1;
                field.node.alias = Some(Positioned::new(Name::new(format!("field{fields}")), position));
                see(&mut field.node.selection_set.node, fields);
                if field.node.name.node == "__typename" && !field.node.directives.is_empty() {
                    let directives = std::mem::take(&mut field.node.directives);
                    let items = vec![Positioned::new(Selection::Field(field.clone()), position)];
                    let selection_set = Positioned::new(SelectionSet { items }, position);
                    let around = InlineFragment { type_condition: None, directives, selection_set };
                    selection.node = Selection::InlineFragment(Positioned::new(around, position));
                }
            }
            Selection::InlineFragment(fragment) => see(&mut fragment.node.selection_set.node, fields),
            Selection::FragmentSpread(_) => {}
        }
    }
}

struct Unexecuted;

impl ExtensionFactory for Unexecuted {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Unexecuted {
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::default()
    }
}
