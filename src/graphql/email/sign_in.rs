//! `startEmailSignIn`, `signInWithEmail`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::problem::{FlowExpired, InvalidCode};
use super::proof::EmailProof;
use super::started::{StartEmailFlowResult, StartEmailInput};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::RateLimited;
use crate::graphql::required::{
    EmailVerificationRequired, PasswordResetRequired, SecondFactorEnrolmentRequired, SecondFactorRequired,
};
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::graphql::session::login::LoginSuccess;
use crate::graphql::session::tokens::{Delivery, TokenTransport};
use crate::use_cases::sign_in_with_email::{self, Outcome};
use crate::use_cases::start_email_sign_in;

/// The input of `signInWithEmail`.
#[derive(InputObject)]
pub(crate) struct EmailSignInInput {
    /// What the mail brought.
    proof: EmailProof,
    /// The `deviceToken` that this device got when it last signed in to the account. The answer then has the next one of the same
    /// device. With the transport COOKIE the browser sends it by itself.
    #[graphql(secret)]
    device_token: Option<String>,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

/// The outcome of `signInWithEmail` and of `completeSignIn`.
#[derive(Union)]
pub(crate) enum SignInResult {
    Success(LoginSuccess),
    SecondFactorRequired(SecondFactorRequired),
    SecondFactorEnrolmentRequired(SecondFactorEnrolmentRequired),
    EmailVerificationRequired(EmailVerificationRequired),
    PasswordResetRequired(PasswordResetRequired),
    InvalidCode(InvalidCode),
    InvalidPasskey(InvalidPasskey),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

impl SignInResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(LoginSuccess::new(*sign_in, device, delivery)),
            Outcome::SecondFactorRequired(step) => Self::SecondFactorRequired(step.into()),
            Outcome::EnrolmentRequired(step) => Self::SecondFactorEnrolmentRequired(step.into()),
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct SignInMutation;

#[Object]
impl SignInMutation {
    /// Sends a mail with which its recipient signs in. The answer is the same if no account has the address. The error is
    /// FEATURE_DISABLED where nobody signs in by mail.
    #[graphql(directive = public::apply())]
    async fn start_email_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who gets the mail.")] input: StartEmailInput,
    ) -> Result<Option<Counted<StartEmailFlowResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let (email, locale) = (&input.email, input.locale.as_deref());
        let asked = start_email_sign_in::start_email_sign_in(app, &client, email, locale).boxed().await?;
        Ok(counted(asked.into()))
    }

    /// Signs in with what the mail brought, which opens a session and proves the e-mail address. Where the server registers people by
    /// mail, an address without an account gets one without a password. The error is FEATURE_DISABLED where nobody signs in by mail.
    /// An account with a second factor is signed in by `completeSignIn`, and one that has none and needs one by
    /// `completeSecondFactorEnrolment`.
    #[graphql(directive = public::apply())]
    async fn sign_in_with_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: EmailSignInInput,
    ) -> Result<Option<Counted<SignInResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let EmailSignInInput { proof, device_token, transport } = input;
        let delivery = Delivery::asked(ctx, transport)?;
        let device_token = device_token.or_else(|| delivery.known_device());
        let proof = proof.into();
        let outcome = sign_in_with_email::sign_in_with_email(app, client, &proof, device_token).boxed().await?;
        Ok(counted(SignInResult::new(outcome, delivery)))
    }
}
