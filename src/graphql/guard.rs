//! Who may call a field. The directive that the schema shows on a field is the same that guards it.

mod directives;

use std::sync::Arc;

use async_graphql::extensions::{ExtensionContext, ResolveInfo};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use async_graphql::{Context, OutputType, Value};
use tokio::sync::OnceCell;

use super::error::{ApiError, log};
use super::factor::ReauthenticationRequired;
use crate::app::{App, FreshlySignedIn, SignedIn};
use crate::error::Error;
use crate::sessions::Client;
use crate::tokens::Credential;
use crate::use_cases::authenticate::authenticate;

pub use directives::{auth, auth_fresh, public};

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

/// The caller of a field that is `@auth(fresh: true)`. The inner error is the field's answer to a caller who is not fresh.
pub(crate) async fn freshly_signed_in(
    ctx: &Context<'_>,
) -> Result<Result<FreshlySignedIn, ReauthenticationRequired>, ApiError> {
    let (caller, app) = (signed_in(ctx).await?, ctx.data_unchecked::<Arc<App>>());
    Ok(match caller.freshly(app.clock.now()) {
        Some(fresh) => Ok(fresh),
        None => Err(app.ways_to_prove(caller).await?.into()),
    })
}

/// Whom a field lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Anyone.
    Public,
    /// Who is signed in.
    Auth,
    /// Who is signed in, and has proved a short time ago who they are.
    Fresh,
}

/// Enforces the directive of a field. A root field without a directive is refused.
pub(super) async fn check(ctx: &ExtensionContext<'_>, info: &ResolveInfo<'_>) -> Result<(), ApiError> {
    if info.is_for_introspection || info.name.starts_with("__") {
        return Ok(());
    }
    let registry = &ctx.schema_env.registry;
    let (requester, app) = (ctx.data_opt(), ctx.data_opt::<Arc<App>>());
    match declared(registry, info.parent_type, info.name) {
        Some(Guard::Public) => Ok(()),
        None if !is_root(registry, info.parent_type) => Ok(()),
        Some(Guard::Auth) => verified(requester, app).await.map(|_| ()),
        Some(Guard::Fresh) => {
            let caller = verified(requester, app).await?;
            let is_fresh = app.is_some_and(|app| caller.freshly(app.clock.now()).is_some());
            // Who is not fresh gets the member of the union that says so, with how to become it. A field without such a member
            // is not called.
            if is_fresh || tells(registry, info.return_type) { Ok(()) } else { Err(ApiError::NotFresh) }
        }
        None => Err(Error::internal("a root field without @public or @auth").into()),
    }
}

fn is_root(registry: &Registry, parent: &str) -> bool {
    parent == registry.query_type || registry.mutation_type.as_deref() == Some(parent)
}

/// Whether a result of this type can say that the caller is not fresh.
fn tells(registry: &Registry, result: &str) -> bool {
    let member = ReauthenticationRequired::type_name();
    match registry.types.get(MetaTypeName::concrete_typename(result)) {
        Some(MetaType::Union { possible_types, .. }) => possible_types.contains(member.as_ref()),
        _ => false,
    }
}

fn declared(registry: &Registry, parent: &str, field: &str) -> Option<Guard> {
    guards(registry.types.get(parent)?.field_by_name(field)?).next()
}

/// Which of the directives a field has. A root field of ours has one, and [`super::host`] sees to it that a host's has one too.
pub(super) fn guards(field: &MetaField) -> impl Iterator<Item = Guard> {
    field.directive_invocations.iter().filter_map(|directive| match directive.name.as_str() {
        "public" => Some(Guard::Public),
        "auth" if directive.args.get("fresh") == Some(&Value::Boolean(true)) => Some(Guard::Fresh),
        "auth" => Some(Guard::Auth),
        _ => None,
    })
}
