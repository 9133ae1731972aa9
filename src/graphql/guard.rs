//! Who may call a field. The directive that the schema shows on a field is the same that guards it.

use std::sync::Arc;

use async_graphql::Context;
use async_graphql::extensions::{ExtensionContext, ResolveInfo};
use async_graphql::registry::{MetaField, Registry};
use tokio::sync::OnceCell;

use super::error::{ApiError, log};
use crate::app::{App, SignedIn};
use crate::error::Error;
use crate::sessions::Client;
use crate::tokens::Credential;
use crate::use_cases::authenticate::authenticate;

pub use directives::{auth, public};

/// The sender of a request. The credential is verified once, at the first field that needs it.
pub(crate) struct Requester {
    credential: Credential,
    client: Client,
    verified: OnceCell<Result<SignedIn, Error>>,
}

impl Requester {
    /// The sender of a request with this credential.
    #[must_use]
    pub(crate) fn new(credential: Credential, client: Client) -> Self {
        Self { credential, client, verified: OnceCell::new() }
    }

    /// The credential, which is not verified.
    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The client that sent the request.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }
}

/// The caller. The credential is verified once per request.
async fn verified<'a>(requester: Option<&'a Requester>, app: Option<&'a Arc<App>>) -> Result<&'a SignedIn, ApiError> {
    let (Some(requester), Some(app)) = (requester, app) else {
        return Err(Error::internal("a request without its requester").into());
    };
    let verify = async || authenticate(app, &requester.credential).await.inspect_err(log);
    let verified = requester.verified.get_or_init(verify).await;
    verified.as_ref().map_err(|error| ApiError::logged(error.clone()))
}

/// The caller of a field that is `@auth`.
pub(crate) async fn signed_in<'a>(context: &Context<'a>) -> Result<&'a SignedIn, ApiError> {
    verified(context.data_opt(), context.data_opt()).await
}

/// The caller, in a field of an application. A field that is `@auth` always has one. A field that is `@public` may ask
/// as well.
///
/// # Errors
/// `UNAUTHENTICATED` when nobody is signed in, `SERVICE_UNAVAILABLE` when the database is needed and away.
pub async fn caller(ctx: &Context<'_>) -> async_graphql::Result<SignedIn> {
    Ok(signed_in(ctx).await?.clone())
}

/// Enforces the directive of a field. A root field without a directive is refused.
pub(super) async fn check(ctx: &ExtensionContext<'_>, info: &ResolveInfo<'_>) -> Result<(), ApiError> {
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
    guards(registry.types.get(parent)?.field_by_name(field)?).next()
}

/// Which of the two directives a field has. A root field of ours has one, and [`super::host`] sees to it that a host's has one too.
pub(super) fn guards(field: &MetaField) -> impl Iterator<Item = &str> {
    let names = field.directive_invocations.iter().map(|directive| directive.name.as_str());
    names.filter(|name| matches!(*name, "public" | "auth"))
}

/// What fields declare.
mod directives {
    #![expect(missing_docs, reason = "the macro makes a type of each function and leaves its documentation out")]

    use async_graphql::TypeDirective;

    /// Anyone may call this field.
    #[TypeDirective(location = "FieldDefinition")]
    pub fn public() {}

    /// Only a caller with a valid access token may call this field. Others get the error UNAUTHENTICATED.
    #[TypeDirective(location = "FieldDefinition")]
    pub fn auth() {}
}
