//! Requests that may only execute queries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::ServerResult;
use async_graphql::parser::types::{ExecutableDocument, OperationType};

use super::chosen;
use super::refusal::refusal;
use crate::graphql::error::Code;

/// Data of a request that may only execute a query, in whichever way its document is found. Afterwards it tells
/// whether another operation was refused.
#[derive(Clone, Default)]
pub(crate) struct OnlyQueries(Arc<AtomicBool>);

impl OnlyQueries {
    pub(crate) fn has_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Refuses the chosen operation if it is not a query. If none can be chosen, the library reports that and
    /// executes nothing.
    pub(super) fn check(&self, document: &ExecutableDocument, name: Option<&str>) -> ServerResult<()> {
        match chosen(document, name) {
            Some((_, operation)) if operation.node.ty != OperationType::Query => {
                self.0.store(true, Ordering::Relaxed);
                let message = "Only queries are answered by GET: send a mutation by POST.".to_owned();
                Err(refusal(message, operation.pos, Code::BadUserInput))
            }
            _ => Ok(()),
        }
    }
}
