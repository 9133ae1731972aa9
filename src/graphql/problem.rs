//! Outcomes that a caller can bring about and would rather not.

use async_graphql::{Enum, Interface, SimpleObject};

use super::account::{EmailTaken, InvalidInput, UsernameTaken, WeakPassword};
use super::session::InvalidCredentials;

/// An outcome that the caller can mend. Every result union's members other than its success implement it.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&ErrorCode", desc = "What happened, for programs."),
    field(name = "message", ty = "&String", desc = "What happened, in English, for people.")
)]
pub(crate) enum UserError {
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    InvalidCredentials(InvalidCredentials),
    RateLimited(RateLimited),
}

/// What happened.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Another account has this e-mail address.
    EmailTaken,
    /// Another account has this username.
    UsernameTaken,
    /// Parts of the input can't be taken; `fields` names each.
    InvalidInput,
    /// The password is too easily guessed.
    WeakPassword,
    /// No account has this identifier and password.
    InvalidCredentials,
    /// There were too many attempts.
    RateLimited,
}

/// There were too many attempts of this kind. Wait for `retryAfter` seconds.
#[derive(SimpleObject)]
pub(crate) struct RateLimited {
    /// RATE_LIMITED
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Seconds until an attempt may succeed again.
    pub(super) retry_after: i32,
}
