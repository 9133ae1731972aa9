//! `startEmailVerification`, `confirmEmail`.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::change::ConfirmEmailInput;
use super::problem::{FlowExpired, InvalidCode};
use super::started::StartEmailFlowResult;
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, auth, public, signed_in};
use crate::graphql::problem::RateLimited;
use crate::use_cases::confirm_email::{self, Outcome};
use crate::use_cases::start_email_verification;

/// The address is proven. Access tokens that are issued from now on say so in the claim `email_verified`.
#[derive(SimpleObject)]
pub(crate) struct ConfirmEmailSuccess {
    /// The address, as the account has it.
    email: String,
}

/// The outcome of `confirmEmail`.
#[derive(Union)]
pub(crate) enum ConfirmEmailResult {
    Success(ConfirmEmailSuccess),
    InvalidCode(InvalidCode),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

impl From<Outcome> for ConfirmEmailResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(email) => Self::Success(ConfirmEmailSuccess { email }),
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct VerificationMutation;

#[Object]
impl VerificationMutation {
    /// Sends a mail with which the caller proves that mails to the account's address reach them. It is sent as well if that was proven
    /// before. The error is FEATURE_DISABLED where no mail can be sent.
    #[graphql(directive = auth::apply())]
    async fn start_email_verification(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Counted<StartEmailFlowResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        let asked = start_email_verification::start_email_verification(app, &client, caller).boxed().await?;
        Ok(counted(asked.into()))
    }

    /// Proves the address of an account with what the mail brought. Whoever has the mail need not be signed in, and is not signed in by
    /// that.
    #[graphql(directive = public::apply())]
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: ConfirmEmailInput,
    ) -> Result<Option<Counted<ConfirmEmailResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let proof = input.proof.into();
        let outcome = confirm_email::confirm_email(app, &client, &proof).boxed().await?;
        Ok(counted(outcome.into()))
    }
}
