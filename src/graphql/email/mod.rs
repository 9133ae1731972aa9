//! What is proven by mail.

pub(super) mod problem;
pub(super) mod proof;
mod registration;
pub(super) mod started;

use async_graphql::MergedObject;

/// The mutations that need mails.
#[derive(MergedObject, Default)]
pub(super) struct EmailMutation(registration::RegistrationMutation);
