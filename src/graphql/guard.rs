//! Who may call a field. The directive that a field prints in the schema is the declaration that guards it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextResolve, NextValidation,
    ResolveInfo,
};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::registry::Registry;
use async_graphql::{
    Context, Name, PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, TypeDirective,
    ValidationResult, Value, Variables,
};
use tokio::sync::OnceCell;

use super::document::{self, OperationName};
use super::error::{ApiError, Code, cut, log};
use crate::app::App;
use crate::error::Error;
use crate::flows::authenticate::{SignedIn, authenticate};
use crate::sessions::Client;
use crate::telemetry;
use crate::tokens::Credential;

/// Anyone may call this field.
#[TypeDirective(location = "FieldDefinition")]
pub(crate) fn public() {}

/// Only a caller with a valid access token may call this field; others get the error UNAUTHENTICATED.
#[TypeDirective(location = "FieldDefinition")]
pub(crate) fn auth() {}

/// Who sent the request. The credential is verified at the first field that asks, once.
pub struct Viewer {
    credential: Credential,
    client: Client,
    verified: OnceCell<Result<SignedIn, Error>>,
}

impl Viewer {
    /// The sender of a request with this credential.
    #[must_use]
    pub fn new(credential: Credential, client: Client) -> Self {
        Self { credential, client, verified: OnceCell::new() }
    }

    /// What it says of itself, unverified.
    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Its device.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }
}

/// The caller, verified once a request.
async fn verified<'a>(viewer: Option<&'a Viewer>, app: Option<&'a Arc<App>>) -> Result<&'a SignedIn, ApiError> {
    let (Some(viewer), Some(app)) = (viewer, app) else {
        return Err(Error::internal("a request without its viewer").into());
    };
    let verify = async || authenticate(app, &viewer.credential).await.inspect_err(log);
    let verified = viewer.verified.get_or_init(verify).await;
    verified.as_ref().map_err(|error| ApiError::logged(error.clone()))
}

/// The caller of a field that is `@auth`.
pub(crate) async fn signed_in<'a>(context: &Context<'a>) -> Result<&'a SignedIn, ApiError> {
    verified(context.data_opt(), context.data_opt()).await
}

/// What holds for all fields: the guard, codes on errors, and null in the place of a nullable field that failed.
pub(crate) struct Conventions;

impl ExtensionFactory for Conventions {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest { failed: Mutex::default(), only_operation: OnceLock::new() })
    }
}

struct OneRequest {
    /// Errors of nullable fields. The library would leave such a field out of the answer.
    failed: Mutex<Vec<ServerError>>,
    /// The name of the document's operation, if there is but one.
    only_operation: OnceLock<Name>,
}

#[async_trait]
impl Extension for OneRequest {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await.map_err(|mut error| {
            Code::GraphqlParseFailed.mark(&mut error);
            cut(&mut error);
            error
        })?;
        let chosen = ctx.data_opt::<OperationName>().and_then(|name| name.0.as_deref());
        document::check(&document, variables, chosen)?;
        if let DocumentOperations::Multiple(operations) = &document.operations
            && let (1, Some(name)) = (operations.len(), operations.keys().next())
        {
            let _ = self.only_operation.set(name.clone());
        }
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|mut errors| {
            for error in &mut errors {
                let too_much =
                    error.message.starts_with("Query is ") || error.message.starts_with("The recursion depth");
                let code = if too_much { Code::QueryTooComplex } else { Code::GraphqlValidationFailed };
                code.mark(error);
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
        // A name from the document is a name; what the request says may be anything, but here it has been found.
        if let Some(name) = operation_name.or(self.only_operation.get().map(Name::as_str)) {
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
        let resolved = match check(ctx, &info).await {
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

/// Holds the field to its directive. A root field that has none is refused.
async fn check(ctx: &ExtensionContext<'_>, info: &ResolveInfo<'_>) -> Result<(), ApiError> {
    if info.is_for_introspection || info.name.starts_with("__") {
        return Ok(());
    }
    let registry = &ctx.schema_env.registry;
    match declared(registry, info.parent_type, info.name) {
        Some("public") => Ok(()),
        None if !is_root(registry, info.parent_type) => Ok(()),
        Some("auth") => verified(ctx.data_opt(), ctx.data_opt()).await.map(|_| ()),
        _ => Err(Error::internal("a root field without @public or @auth").into()),
    }
}

fn is_root(registry: &Registry, parent: &str) -> bool {
    parent == registry.query_type || registry.mutation_type.as_deref() == Some(parent)
}

fn declared<'a>(registry: &'a Registry, parent: &str, field: &str) -> Option<&'a str> {
    let directives = &registry.types.get(parent)?.field_by_name(field)?.directive_invocations;
    directives.iter().map(|directive| directive.name.as_str()).find(|name| matches!(*name, "public" | "auth"))
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
