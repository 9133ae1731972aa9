//! `startPasskeySignIn`, `signInWithPasskey`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::login::LoginSuccess;
use super::tokens::{Delivery, TokenTransport};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::FlowExpired;
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::RateLimited;
use crate::graphql::required::PasswordResetRequired;
use crate::graphql::scalars::WebAuthnJson;
use crate::graphql::second_factor::passkeys::PasskeyOptions;
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::use_cases::sign_in_with_passkey::{self, Outcome};
use crate::use_cases::start_passkey_sign_in;

/// The input of `signInWithPasskey`.
#[derive(InputObject)]
pub(crate) struct PasskeySignInInput {
    /// What the browser made of the options of `startPasskeySignIn`, as its `toJSON()` gives it (`AuthenticationResponseJSON`).
    #[graphql(secret)]
    credential: WebAuthnJson,
    /// The `deviceToken` that this device got when it last signed in to the account. The answer then has the next one of the same
    /// device. With the transport COOKIE the browser sends it by itself.
    #[graphql(secret)]
    device_token: Option<String>,
    /// How the client gets the refresh token, now and at each refresh.
    #[graphql(default)]
    transport: TokenTransport,
}

/// The outcome of `signInWithPasskey`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as its answer is written")]
pub(crate) enum PasskeySignInResult {
    Success(LoginSuccess),
    InvalidPasskey(InvalidPasskey),
    FlowExpired(FlowExpired),
    PasswordResetRequired(PasswordResetRequired),
    RateLimited(RateLimited),
}

impl PasskeySignInResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in, device) => Self::Success(LoginSuccess::new(*sign_in, device, delivery)),
            Outcome::Invalid => Self::InvalidPasskey(InvalidPasskey::default()),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_passkey()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct PasskeySignInMutation;

#[Object]
impl PasskeySignInMutation {
    /// Begins a sign-in by passkey, of whoever it is. The options serve a button and the autofill of a form (conditional mediation)
    /// alike. Nothing is stored, so a page can ask each time it is opened; when `expiresAt` is near, ask again. The error is
    /// FEATURE_DISABLED where there are no passkeys, and RATE_LIMITED after too many attempts; `extensions.retryAfter` says when to come
    /// back, in seconds.
    #[graphql(directive = public::apply())]
    async fn start_passkey_sign_in(&self, ctx: &Context<'_>) -> Result<Option<PasskeyOptions>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        match start_passkey_sign_in::start_passkey_sign_in(app, &client)? {
            start_passkey_sign_in::Outcome::Started(started) => Ok(Some(started.into())),
            start_passkey_sign_in::Outcome::Limited(retry_after) => Err(ApiError::Limited(retry_after)),
        }
    }

    /// Signs in by a passkey alone, which opens a session. The passkey's authenticator has verified who uses it, so no second factor is
    /// asked for. Each answer of the browser is accepted once; `FlowExpired` means that the options have to be asked for again. The error
    /// is FEATURE_DISABLED where there are no passkeys.
    #[graphql(directive = public::apply())]
    async fn sign_in_with_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the browser made.")] input: PasskeySignInInput,
    ) -> Result<Option<Counted<PasskeySignInResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let PasskeySignInInput { credential, device_token, transport } = input;
        let delivery = Delivery::asked(ctx, transport)?;
        let (answer, device) = (credential.into(), device_token.or_else(|| delivery.known_device()));
        let outcome = sign_in_with_passkey::sign_in_with_passkey(app, client, &answer, device).boxed().await?;
        Ok(counted(PasskeySignInResult::new(outcome, delivery)))
    }
}
