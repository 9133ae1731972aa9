//! What a sign-in or a reset may still need. The members are in the unions from the start, so that clients can be written for them.

use async_graphql::SimpleObject;

use super::factor::FactorKind;
use super::problem::ErrorCode;
use super::scalars::{DateTime, WebAuthnJson};

/// The first step was right, and a second factor is needed. This version of the server knows no second factor, so it never answers
/// this.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorRequired {
    /// Always `SECOND_FACTOR_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Belongs to the second step.
    flow: String,
    /// When the second step has to be done again from the first.
    expires_at: DateTime,
    /// The factors that the account has.
    methods: Vec<FactorKind>,
    /// What the browser needs to ask for a passkey. Null if the account has none.
    passkey_options: Option<WebAuthnJson>,
}

/// The password was right, and the account's e-mail address has to be proven first. This version of the server asks for that only at
/// the registration, so it never answers this.
#[derive(SimpleObject)]
pub(crate) struct EmailVerificationRequired {
    /// Always `EMAIL_VERIFICATION_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Belongs to the code in the mail that was sent.
    flow: String,
    /// When the link in the mail expires.
    expires_at: DateTime,
}

/// The account needs a new password before anybody signs in to it. This version of the server never asks for that.
#[derive(SimpleObject)]
pub(crate) struct PasswordResetRequired {
    /// Always `PASSWORD_RESET_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Belongs to the code in the mail that was sent.
    flow: String,
    /// When the link in the mail expires.
    expires_at: DateTime,
}
