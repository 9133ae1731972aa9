//! `confirmRegistration`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::problem::{FlowExpired, InvalidCode};
use super::proof::EmailProof;
use crate::app::App;
use crate::graphql::account::{RegisterSuccess, taken};
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{EmailTaken, RateLimited, UsernameTaken};
use crate::graphql::required::SecondFactorEnrolmentRequired;
use crate::graphql::session::tokens::{Delivery, TokenTransport};
use crate::use_cases::confirm_registration::{self, Outcome};

/// The input of `confirmRegistration`.
#[derive(InputObject)]
pub(crate) struct ConfirmRegistrationInput {
    /// What the mail brought.
    proof: EmailProof,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

/// The outcome of `confirmRegistration`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as its answer is written")]
pub(crate) enum ConfirmRegistrationResult {
    Success(RegisterSuccess),
    EmailTaken(EmailTaken),
    UsernameTaken(UsernameTaken),
    InvalidCode(InvalidCode),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
    SecondFactorEnrolmentRequired(SecondFactorEnrolmentRequired),
}

impl ConfirmRegistrationResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(RegisterSuccess::new(*sign_in, device, delivery)),
            Outcome::EnrolmentRequired(step) => Self::SecondFactorEnrolmentRequired(step.into()),
            Outcome::Taken(name) => match taken(name) {
                Ok(email) => Self::EmailTaken(email),
                Err(username) => Self::UsernameTaken(username),
            },
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Creates the account of a registration with what the mail brought, and signs it in. Where it needs a
    /// second factor, it is signed in by `completeSecondFactorEnrolment`.
    #[graphql(directive = public::apply())]
    async fn confirm_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: ConfirmRegistrationInput,
    ) -> Result<Option<Counted<ConfirmRegistrationResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let delivery = Delivery::asked(ctx, input.transport)?;
        let proof = input.proof.into();
        let outcome = confirm_registration::confirm_registration(app, client, &proof).boxed().await?;
        Ok(counted(ConfirmRegistrationResult::new(outcome, delivery)))
    }
}
