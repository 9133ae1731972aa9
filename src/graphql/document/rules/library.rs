//! The library's own rules, without executing anything.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, ServerError};

use crate::graphql::document::any_name;
use crate::graphql::{PortcullisSchema, bare};

/// A schema that validates documents as they were sent, and executes none. What is executed is another document, prepared from the
/// one that was sent, which its rules would not fit: a fragment that is never used is an error, and has no place in it.
#[derive(Clone)]
pub(crate) struct Library(PortcullisSchema);

impl Library {
    /// With or without suggestions, for documents of up to this depth.
    pub(crate) fn new(depth: usize, suggestions: bool) -> Self {
        let schema = bare().limit_recursive_depth(depth + 1).extension(Unexecuted);
        Self(if suggestions { schema.finish() } else { schema.disable_suggestions().finish() })
    }

    /// # Errors
    /// What the library finds.
    pub(super) async fn check(&self, document: &ExecutableDocument) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("");
        // It wants to know which to execute.
        request.operation_name = any_name(document);
        request.set_parsed_query(document.clone());
        let errors = self.0.execute(request).await.errors;
        if errors.is_empty() { Ok(()) } else { Err(errors) }
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
