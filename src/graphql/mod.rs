//! The GraphQL schema: types, and resolvers that call one use case each.
//!
//! Root fields box the futures of their use cases. An application that adds fields of its own compiles our resolvers once more, and the
//! compiler refuses a future in which more than 128 others are nested.

mod account;
mod conventions;
pub(crate) mod cookies;
mod counted;
mod deletion;
pub(crate) mod document;
mod email;
pub(crate) mod error;
mod events;
mod execute;
mod factor;
pub(crate) mod guard;
pub(crate) mod host;
mod loaders;
pub(crate) mod operations;
mod pages;
mod password;
mod problem;
mod required;
mod scalars;
mod second_factor;
mod session;
mod user;

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, ObjectType, SDLExportOptions, Schema, SchemaBuilder};

use document::Documents;
use host::Host;

pub(crate) use guard::Requester;

/// What can be read.
#[derive(MergedObject)]
pub(crate) struct Query<H: ObjectType>(Arc<H>, account::AccountQuery, email::link::LinkQuery);

/// What can be done. Each outcome that a caller can bring about is a member of the result's union; `errors` is for a missing
/// or bad token, malformed input, what the operator has switched off, overload and faults.
#[derive(MergedObject)]
pub(crate) struct Mutation<H: ObjectType>(
    Arc<H>,
    account::AccountMutation,
    session::SessionMutation,
    password::PasswordMutation,
    deletion::DeletionMutation,
    email::EmailMutation,
    second_factor::SecondFactorMutation,
);

/// A schema before it is finished: ours, with the host's fields.
type Builder<Q, M> = SchemaBuilder<Query<Q>, Mutation<M>, EmptySubscription>;

/// The schema in the schema definition language, as `schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    sdl_with(&Host::default())
}

/// The same with the host's fields.
pub(crate) fn sdl_with<Q: ObjectType + 'static, M: ObjectType + 'static>(host: &Host<Q, M>) -> String {
    bare(host).finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// A schema that refuses documents which are over their bounds.
fn measured<Q: ObjectType + 'static, M: ObjectType + 'static>(
    host: &Host<Q, M>,
    documents: Documents,
) -> Builder<Q, M> {
    // The depth has been measured by then. What is executed in the document's place may have one fragment more at each level.
    let depth = 2 * documents.bounds.depth + 1;
    // The first extension has the last word: what it conceals, others have said.
    bare(host).limit_recursive_depth(depth).extension(documents).extension(conventions::Conventions)
}

fn bare<Q: ObjectType + 'static, M: ObjectType + 'static>(host: &Host<Q, M>) -> Builder<Q, M> {
    let query = Query(host.query.clone(), account::AccountQuery, email::link::LinkQuery);
    let mutation = Mutation(
        host.mutation.clone(),
        account::AccountMutation,
        session::SessionMutation::default(),
        password::PasswordMutation,
        deletion::DeletionMutation,
        email::EmailMutation::default(),
        second_factor::SecondFactorMutation::default(),
    );
    Schema::build(query, mutation, EmptySubscription).register_output_type::<problem::UserError>()
}
