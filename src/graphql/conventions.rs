//! Rules for all fields: each has a guard, and a nullable field that fails is null.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value};

use tracing::Instrument;

use super::counted::Tally;
use super::guard;
use crate::{telemetry, traces};

/// The extension that applies these rules.
pub(crate) struct Conventions;

impl ExtensionFactory for Conventions {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest::default())
    }
}

#[derive(Default)]
struct OneRequest {
    /// The errors of nullable fields. The library would leave a field that fails out of the answer.
    failed: Mutex<Vec<ServerError>>,
}

#[async_trait]
impl Extension for OneRequest {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        // What the request says may be anything, but by now it has been found in the document.
        if let Some(name) = operation_name {
            telemetry::record_operation(name);
        }
        let trace = traces::operation(operation_name);
        let mut response = next.run(ctx, operation_name).instrument(trace).await;
        response.errors.append(&mut self.failed.lock().unwrap_or_else(PoisonError::into_inner));
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let nullable = !info.return_type.ends_with('!');
        let tally = Tally::of(ctx, &info);
        let position = info.field.name.pos;
        let path = info.path_node;
        let resolved = match guard::check(ctx, &info).await {
            Ok(()) => next.run(ctx, info).await,
            Err(error) => {
                let error = async_graphql::Error::from(error).into_server_error(position);
                Err(ServerError { path: segments(path), ..error })
            }
        };
        if let Some(tally) = tally {
            tally.note(resolved.as_ref().err());
        }
        match resolved {
            Err(error) if nullable => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                Ok(Some(Value::Null))
            }
            resolved => resolved,
        }
    }
}

fn segments(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path = Vec::new();
    let mut next = Some(node);
    while let Some(node) = next {
        path.push(match node.segment {
            QueryPathSegment::Index(index) => PathSegment::Index(index),
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
        });
        next = node.parent;
    }
    path.reverse();
    path
}
