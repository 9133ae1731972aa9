//! What is proven by mail.

mod change;
pub(super) mod link;
pub(super) mod problem;
pub(super) mod proof;
pub(super) mod registration;
mod reset;
mod revert;
pub(super) mod sign_in;
pub(super) mod started;
mod verification;

use async_graphql::MergedObject;

/// The mutations that need mails.
#[derive(MergedObject, Default)]
pub(super) struct EmailMutation(
    registration::RegistrationMutation,
    reset::ResetMutation,
    sign_in::SignInMutation,
    verification::VerificationMutation,
    change::ChangeMutation,
    revert::RevertMutation,
);
