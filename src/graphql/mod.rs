//! The GraphQL schema: types, and resolvers that call one use case each.

mod account;
mod conventions;
pub(crate) mod cookies;
mod deletion;
pub(crate) mod document;
pub(crate) mod error;
mod events;
pub(crate) mod guard;
pub(crate) mod loaders;
mod pages;
mod password;
mod problem;
mod scalars;
mod session;

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema, SchemaBuilder};

use crate::app::App;
use crate::config::PersistedQueries;
use crate::error::Error;
use document::{DocumentCache, Documents, Mode};

pub use document::{Registered, registered};
pub use guard::Requester;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(account::AccountQuery);

/// What can be done. Each outcome that a caller can bring about is a member of the result's union; `errors` is for a missing
/// or bad token, malformed input, overload and faults.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    session::SessionMutation,
    password::PasswordMutation,
    deletion::DeletionMutation,
);

/// The schema with its resolvers.
pub type PortcullisSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema on `app`. Documents that the operator registered are read, which takes some time if there are many.
///
/// # Errors
/// [`Error::Internal`] with a sentence for the operator when a registered document would be refused.
pub async fn schema(app: Arc<App>) -> Result<PortcullisSchema, Error> {
    let settings = &app.config.graphql;
    let mode = match &settings.persisted {
        PersistedQueries::Off => Mode::Off,
        PersistedQueries::Automatic => Mode::Automatic,
        PersistedQueries::Only(manifest) => Mode::Only(registered(manifest, settings.bounds).await?),
    };
    let known = Arc::new(DocumentCache::new(mode, settings.document_cache_bytes)?);
    let concealed = !settings.introspection;
    let schema = measured(Documents::new(settings.bounds, Some(known), concealed));
    let schema = if settings.introspection { schema } else { schema.disable_introspection() };
    Ok(schema.data(app).finish())
}

/// The schema in the schema definition language, as `schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    bare().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// A schema that refuses documents which are over their bounds.
fn measured(documents: Documents) -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    // The depth has been measured by then. What is executed in the document's place may have one fragment more at each level.
    let depth = 2 * documents.bounds.depth + 1;
    // The first extension has the last word: what it conceals, others have said.
    bare().limit_recursive_depth(depth).extension(documents).extension(conventions::Conventions)
}

fn bare() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).register_output_type::<problem::UserError>()
}
