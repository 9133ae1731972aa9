//! What a sign-in or a reset may still need. The members are in the unions from the start, so that clients can be written for them.

use async_graphql::SimpleObject;

use super::factor::FactorKind;
use super::problem::ErrorCode;
use super::scalars::{DateTime, WebAuthnJson};
use crate::app::{EnrolmentStep, SecondStep};

/// The first step was right, and the account has a second factor, which is needed as well. After a sign-in, send it to
/// `completeSignIn`. After `completePasswordReset`, send the same input again with the `factor`: nothing was done.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorRequired {
    /// Always `SECOND_FACTOR_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Belongs to the second step. After `completePasswordReset` it is what the input had: the link, or the flow of the code.
    flow: String,
    /// When the first step has to be made again.
    expires_at: DateTime,
    /// By what the second step can be made. `RECOVERY_CODE` as long as some are left.
    methods: Vec<FactorKind>,
    /// What the browser needs to ask for a passkey. Null if the account has none.
    passkey_options: Option<WebAuthnJson>,
}

/// The first step was right, and the account has no second factor, and needs one here. It is signed in once one is added: send `flow` to
/// `startSecondFactorEnrolment`, then to `completeSecondFactorEnrolment`. After a registration the account exists, and a sign-in leads to
/// the same.
#[derive(SimpleObject)]
pub(crate) struct SecondFactorEnrolmentRequired {
    /// Always `SECOND_FACTOR_ENROLMENT_REQUIRED`.
    pub(super) code: ErrorCode,
    /// What happened, in English, for people.
    pub(super) message: String,
    /// Belongs to the enrolment. It gives access to nothing else.
    flow: String,
    /// When the first step has to be made again.
    expires_at: DateTime,
    /// What can be added.
    methods: Vec<FactorKind>,
}

impl From<EnrolmentStep> for SecondFactorEnrolmentRequired {
    fn from(step: EnrolmentStep) -> Self {
        Self {
            code: ErrorCode::SecondFactorEnrolmentRequired,
            message: "This account needs a second factor. Add one to sign in.".to_owned(),
            flow: step.flow,
            expires_at: step.expires_at.into(),
            methods: step.methods.into_iter().map(Into::into).collect(),
        }
    }
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

impl From<SecondStep> for SecondFactorRequired {
    fn from(step: SecondStep) -> Self {
        Self {
            code: ErrorCode::SecondFactorRequired,
            message: "A second factor is needed.".to_owned(),
            flow: step.flow,
            expires_at: step.expires_at.into(),
            methods: step.methods.into_iter().map(Into::into).collect(),
            passkey_options: step.passkey_options.map(Into::into),
        }
    }
}
