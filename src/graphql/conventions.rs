//! What holds for all fields: the guard, codes on errors, and null in the place of a nullable field that failed.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest, NextResolve,
    NextValidation, ResolveInfo,
};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    PathSegment, QueryPathNode, QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult,
    Value, Variables,
};

use super::document::{self, OperationName};
use super::error::{Code, cut, without_line};
use super::guard;
use crate::telemetry;

/// The extension that sees to it.
pub(crate) struct Conventions;

impl ExtensionFactory for Conventions {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest { failed: Mutex::default() })
    }
}

struct OneRequest {
    /// Errors of nullable fields. The library would leave such a field out of the answer.
    failed: Mutex<Vec<ServerError>>,
}

#[async_trait]
impl Extension for OneRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let document = request.parsed_query().map_err(|mut error| {
            Code::GraphqlParseFailed.mark(&mut error);
            without_line(&mut error);
            cut(&mut error);
            error
        })?;
        document::measure(document)?;
        next.run(ctx, request).await
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        let chosen = ctx.data_opt::<OperationName>().and_then(|name| name.0.as_deref());
        document::check(&document, variables, chosen)?;
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|mut errors| {
            for error in &mut errors {
                Code::GraphqlValidationFailed.mark(error);
                cut(error);
            }
            errors
        })
    }

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
        let mut response = next.run(ctx, operation_name).await;
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
        let position = info.field.name.pos;
        let path = info.path_node;
        let resolved = match guard::check(ctx, &info).await {
            Ok(()) => next.run(ctx, info).await,
            Err(error) => {
                let error = async_graphql::Error::from(error).into_server_error(position);
                Err(ServerError { path: segments(path), ..error })
            }
        };
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
