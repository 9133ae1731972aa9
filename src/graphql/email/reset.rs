//! `startPasswordReset`, `completePasswordReset`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::problem::{FlowExpired, InvalidCode};
use super::proof::EmailProof;
use super::started::{StartEmailFlowResult, StartEmailInput};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::factor::FactorInput;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{FieldError, InvalidInput, RateLimited, WeakPassword};
use crate::graphql::required::SecondFactorRequired;
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::graphql::session::list::{EndedSessions, SessionConnection};
use crate::sessions::Method;
use crate::use_cases::complete_password_reset::{self, Outcome};
use crate::use_cases::start_password_reset;

/// The input of `completePasswordReset`.
#[derive(InputObject)]
pub(crate) struct CompletePasswordResetInput {
    /// What the mail brought.
    proof: EmailProof,
    /// The new password, of 8 to 256 characters. Spaces are kept. Common passwords are refused.
    #[graphql(secret)]
    new_password: String,
    /// A second factor, if the account has one. Without it the answer is `SecondFactorRequired`.
    factor: Option<FactorInput>,
}

/// The outcome of `completePasswordReset`.
#[derive(Union)]
pub(crate) enum CompletePasswordResetResult {
    Success(CompletePasswordResetSuccess),
    SecondFactorRequired(SecondFactorRequired),
    InvalidCode(InvalidCode),
    InvalidPasskey(InvalidPasskey),
    FlowExpired(FlowExpired),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
}

pub(crate) struct CompletePasswordResetSuccess(EndedSessions);

/// The account has the new password. All its sessions have ended on every instance, its device tokens are no longer valid, and a mail
/// tells the owner. Nobody is signed in by that: sign in with the new password.
#[Object]
impl CompletePasswordResetSuccess {
    /// The number of sessions that this request ended.
    async fn ended_count(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        self.0.count(ctx).await
    }

    /// The sessions that this request ended, the newest first. They can be listed for a day.
    async fn ended_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The largest number of items to return, from 1 to 100.", default_with = "Some(20)")]
        first: Option<u16>,
        #[graphql(desc = "Returns the sessions that follow the one with this cursor.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>, ApiError> {
        self.0.page(ctx, first, after.as_deref()).await.map(Some)
    }
}

impl From<Outcome> for CompletePasswordResetResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(ending) => {
                Self::Success(CompletePasswordResetSuccess(EndedSessions::new(None, Some(ending))))
            }
            Outcome::Invalid(fault) => {
                Self::InvalidInput(InvalidInput::new(vec![FieldError::password("newPassword", fault)]))
            }
            Outcome::Weak(weakness) => Self::WeakPassword(weakness.into()),
            Outcome::SecondFactorRequired(step) => Self::SecondFactorRequired(step.into()),
            Outcome::WrongFactor(Method::Passkey, _) => Self::InvalidPasskey(InvalidPasskey::default()),
            Outcome::WrongFactor(kind, tries_left) => Self::InvalidCode(InvalidCode::of_factor(kind, tries_left)),
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct ResetMutation;

#[Object]
impl ResetMutation {
    /// Sends a mail with which a new password can be set. The account may have none. The answer is the same if no account has the
    /// address. The error is FEATURE_DISABLED where no mail can be sent.
    #[graphql(directive = public::apply())]
    async fn start_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who gets the mail.")] input: StartEmailInput,
    ) -> Result<Option<Counted<StartEmailFlowResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let (email, locale) = (&input.email, input.locale.as_deref());
        let asked = start_password_reset::start_password_reset(app, &client, email, locale).boxed().await?;
        Ok(counted(asked.into()))
    }

    /// Sets a new password with what the mail brought, and ends all sessions of the account. It opens none. An account with a second
    /// factor, whose address was proven before, needs that as well. The link of a mail which
    /// says that an address is taken works here too.
    #[graphql(directive = public::apply())]
    async fn complete_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought, and the new password.")] input: CompletePasswordResetInput,
    ) -> Result<Option<Counted<CompletePasswordResetResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let CompletePasswordResetInput { proof, new_password, factor } = input;
        let (proof, factor) = (proof.into(), factor.map(Into::into));
        let outcome = complete_password_reset::complete_password_reset(app, &client, &proof, new_password, factor);
        let outcome = outcome.boxed().await?;
        Ok(counted(outcome.into()))
    }
}
