//! The GraphQL schema: types, and resolvers that call one use case each.

mod account;
mod conventions;
pub(crate) mod cookies;
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

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema};

use crate::app::App;

pub use guard::Viewer;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(account::AccountQuery);

/// What can be done. Each outcome that a caller can bring about is a member of the result's union; `errors` is for a missing
/// or bad token, malformed input, overload and faults.
#[derive(MergedObject, Default)]
pub struct Mutation(account::AccountMutation, session::SessionMutation, password::PasswordMutation);

/// The schema with its resolvers.
pub type PortcullisSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema on `app`.
#[must_use]
pub fn schema(app: Arc<App>) -> PortcullisSchema {
    let introspection = app.config.graphql.introspection;
    let schema = builder().data(app);
    // A suggestion tells the names that introspection would.
    if introspection { schema.finish() } else { schema.disable_introspection().disable_suggestions().finish() }
}

/// The schema in the schema definition language, as `schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<problem::UserError>()
        .extension(conventions::Conventions)
}
