//! `confirmRegistration`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::problem::{FlowExpired, InvalidCode};
use super::proof::EmailProof;
use crate::app::{App, Started};
use crate::graphql::account::{RegisterSuccess, taken};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{EmailTaken, RateLimited, UsernameTaken};
use crate::graphql::scalars::DateTime;
use crate::graphql::session::tokens::{Delivery, TokenTransport};
use crate::use_cases::confirm_registration::{self, Outcome};

/// The registration waits for a proof of the e-mail address: `confirmRegistration` with the link or the code from the mail
/// creates the account. The answer is the same if an account has the address already. Its owner then gets a mail that says so.
#[derive(SimpleObject)]
pub(crate) struct RegistrationPending {
    /// Belongs to the code in the mail. Keep it until the registration is confirmed.
    flow: String,
    /// When the link in the mail expires. The code expires ten minutes after it was sent.
    expires_at: DateTime,
    /// When another mail can be asked for, by another `register`.
    resend_after: DateTime,
}

impl From<Started> for RegistrationPending {
    fn from(started: Started) -> Self {
        Self {
            flow: started.token.expose().to_owned(),
            expires_at: started.expires_at.into(),
            resend_after: started.resend_after.into(),
        }
    }
}

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
}

impl ConfirmRegistrationResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(RegisterSuccess::new(*sign_in, device, delivery)),
            Outcome::Taken(name) => match taken(name) {
                Ok(email) => Self::EmailTaken(email),
                Err(username) => Self::UsernameTaken(username),
            },
            Outcome::Wrong(tries_left) => Self::InvalidCode(InvalidCode::new(tries_left)),
            Outcome::Expired => Self::FlowExpired(FlowExpired::default()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Creates the account of a registration with what the mail brought, and signs it in.
    #[graphql(directive = public::apply())]
    async fn confirm_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: ConfirmRegistrationInput,
    ) -> Result<Option<ConfirmRegistrationResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let delivery = Delivery::asked(ctx, input.transport)?;
        let proof = input.proof.into();
        let outcome = confirm_registration::confirm_registration(app, client, &proof).boxed().await?;
        Ok(Some(ConfirmRegistrationResult::new(outcome, delivery)))
    }
}
