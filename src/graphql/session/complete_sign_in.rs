//! `completeSignIn`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use futures_util::FutureExt;

use super::login::LoginSuccess;
use super::tokens::{Delivery, TokenTransport};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::{FlowExpired, InvalidCode};
use crate::graphql::email::sign_in::SignInResult;
use crate::graphql::error::ApiError;
use crate::graphql::factor::FactorInput;
use crate::graphql::guard::{Requester, public};
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::sessions::Method;
use crate::use_cases::complete_sign_in::{self, Outcome, SecondFactor};

/// The input of `completeSignIn`.
#[derive(InputObject)]
pub(crate) struct CompleteSignInInput {
    /// The `flow` of `SecondFactorRequired`.
    #[graphql(secret)]
    flow: String,
    /// The second factor.
    factor: FactorInput,
    /// The `deviceToken` that this device got when it last signed in to the account, unless the first step has sent it. With the
    /// transport COOKIE the browser sends it by itself.
    #[graphql(secret)]
    device_token: Option<String>,
    /// Whether the second factor is not to be asked for on this device for as long as the server's operator allows, which is 30 days unless
    /// set otherwise. The `deviceToken` that comes back proves it at the next sign-in, together with the password or what a mail brings. The
    /// owner is told by mail. It has no effect where the operator does not allow it, and for an account without a password.
    #[graphql(default)]
    remember_device: bool,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

#[derive(Default)]
pub(super) struct CompleteSignInMutation;

#[Object]
impl CompleteSignInMutation {
    /// Completes a sign-in with a second factor, which opens a session. After five wrong ones make the first step again. The error is
    /// FEATURE_DISABLED when a passkey is shown where there are none.
    #[graphql(directive = public::apply())]
    async fn complete_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sign-in and the second factor.")] input: CompleteSignInInput,
    ) -> Result<Option<Counted<SignInResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let CompleteSignInInput { flow, factor, device_token, remember_device, transport } = input;
        let delivery = Delivery::asked(ctx, transport)?;
        let device_token = device_token.or_else(|| delivery.known_device());
        let shown = SecondFactor { flow, factor: factor.into(), device_token, remember_device };
        Ok(counted(match complete_sign_in::complete_sign_in(app, client, shown).boxed().await? {
            Outcome::Success(sign_in, device) => SignInResult::Success(LoginSuccess::new(*sign_in, device, delivery)),
            Outcome::Wrong(Method::Passkey, _) => SignInResult::InvalidPasskey(InvalidPasskey::default()),
            Outcome::Wrong(kind, tries_left) => SignInResult::InvalidCode(InvalidCode::of_factor(kind, tries_left)),
            Outcome::Expired => SignInResult::FlowExpired(FlowExpired::of_sign_in()),
            Outcome::Limited(retry_after) => SignInResult::RateLimited(retry_after.into()),
        }))
    }
}
