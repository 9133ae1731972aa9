//! What is proven by mail.

mod change;
pub(super) mod link;
pub(super) mod problem;
pub(super) mod proof;
pub(super) mod registration;
mod revert;
pub(super) mod started;

use async_graphql::MergedObject;

/// The mutations that need mails.
#[derive(MergedObject, Default)]
pub(super) struct EmailMutation(registration::RegistrationMutation, change::ChangeMutation, revert::RevertMutation);
