//! `startEmailChange`, `completeEmailChange`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::problem::{FlowExpired, InvalidCode};
use super::proof::EmailProof;
use super::started::EmailFlowStarted;
use crate::app::{App, Asked};
use crate::graphql::account::email_taken;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::factor::ReauthenticationRequired;
use crate::graphql::guard::{Requester, auth_fresh, freshly_signed_in, public};
use crate::graphql::problem::{EmailTaken, FieldError, InvalidInput, RateLimited};
use crate::use_cases::complete_email_change::{self, Outcome};
use crate::use_cases::start_email_change;

/// The input of `startEmailChange`.
#[derive(InputObject)]
pub(crate) struct StartEmailChangeInput {
    /// The address that the account is to have, of at most 254 octets. It may differ from the one that it has in case only.
    new_email: String,
    /// The language of the mail, as a tag of BCP 47, such as `de`. By default it is chosen by the header `Accept-Language`.
    locale: Option<String>,
}

/// The outcome of `startEmailChange`.
#[derive(Union)]
pub(crate) enum StartEmailChangeResult {
    Started(EmailFlowStarted),
    InvalidInput(InvalidInput),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

impl From<Asked> for StartEmailChangeResult {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Started(started) => Self::Started(started.into()),
            Asked::NoAddress => Self::InvalidInput(InvalidInput::new(vec![FieldError::email("newEmail")])),
            Asked::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

/// The input of `confirmEmail` and `completeEmailChange`.
#[derive(InputObject)]
pub(crate) struct ConfirmEmailInput {
    /// What the mail brought.
    pub(super) proof: EmailProof,
}

/// The outcome of `completeEmailChange`.
#[derive(Union)]
pub(crate) enum CompleteEmailChangeResult {
    Success(CompleteEmailChangeSuccess),
    EmailTaken(EmailTaken),
    InvalidCode(InvalidCode),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

/// The account has the new address, which is proven. Its sessions go on. The address of before got a mail with which the change
/// can be reverted for seven days.
#[derive(SimpleObject)]
pub(crate) struct CompleteEmailChangeSuccess {
    /// The address that the account has now.
    email: String,
}

impl From<Outcome> for CompleteEmailChangeResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(email) => Self::Success(CompleteEmailChangeSuccess { email }),
            Outcome::Taken => Self::EmailTaken(email_taken()),
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct ChangeMutation;

#[Object]
impl ChangeMutation {
    /// Asks for another e-mail address. Nothing changes before `completeEmailChange` is called with what the mail to the new
    /// address brings. If another account has that address, the answer is the same and no mail goes out. The change is over when
    /// the session that asked for it is. The error is FEATURE_DISABLED where no mail can be sent.
    #[graphql(directive = auth_fresh::apply())]
    async fn start_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address.")] input: StartEmailChangeInput,
    ) -> Result<Option<Counted<StartEmailChangeResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(StartEmailChangeResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        let (new, locale) = (input.new_email, input.locale.as_deref());
        let asked = start_email_change::start_email_change(app, &client, &caller, &new, locale).boxed().await?;
        Ok(counted(asked.into()))
    }

    /// Gives the account its new e-mail address with what the mail to that address brought. It can be called from any device. The
    /// old address gets a mail that says so and can revert it.
    #[graphql(directive = public::apply())]
    async fn complete_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: ConfirmEmailInput,
    ) -> Result<Option<Counted<CompleteEmailChangeResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let proof = input.proof.into();
        let outcome = complete_email_change::complete_email_change(app, &client, &proof).boxed().await?;
        Ok(counted(outcome.into()))
    }
}
