//! `startTotp`, `confirmTotp`, `removeTotp`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::problem::LastSecondFactor;
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::{FlowExpired, InvalidCode};
use crate::graphql::error::ApiError;
use crate::graphql::factor::ReauthenticationRequired;
use crate::graphql::guard::{Requester, auth, auth_fresh, freshly_signed_in, signed_in};
use crate::graphql::problem::RateLimited;
use crate::graphql::scalars::DateTime;
use crate::graphql::user::User;
use crate::recovery_codes::RecoveryCode;
use crate::use_cases::{confirm_totp, remove_totp, start_totp};

/// The outcome of `startTotp`.
#[derive(Union)]
pub(crate) enum StartTotpResult {
    Started(TotpStarted),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

/// Set the authenticator app up with one of these, and send a code of it to `confirmTotp`. Until then the account is as it was.
#[derive(SimpleObject)]
pub(crate) struct TotpStarted {
    /// Belongs to the code. Keep it until the app is confirmed.
    flow: String,
    /// What the app makes codes from, in base32 (RFC 4648), for whoever types it in. The codes have six digits, change every 30
    /// seconds, and are made with SHA-1 (RFC 6238).
    secret: String,
    /// The same as a URI `otpauth://totp/...`, which opens the app on the same device.
    uri: String,
    /// The QR code of the URI: an element `<svg>`, which can stand in a page or in a `data:` URL.
    qr_svg: String,
    /// When it is too late to confirm.
    expires_at: DateTime,
}

/// The input of `confirmTotp`.
#[derive(InputObject)]
pub(crate) struct ConfirmTotpInput {
    /// The `flow` of `startTotp`.
    flow: String,
    /// The six digits that the app shows. Spaces and hyphens between them do no harm.
    #[graphql(secret)]
    code: String,
}

/// The outcome of `confirmTotp`.
#[derive(Union)]
pub(crate) enum ConfirmTotpResult {
    Success(ConfirmTotpSuccess),
    InvalidCode(InvalidCode),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

/// The account has the authenticator app. One that it had before does not count any more.
#[derive(SimpleObject)]
pub(crate) struct ConfirmTotpSuccess {
    /// The account.
    user: User,
    /// Ten codes, each of which can be used once in the place of the app. They are shown only now, so ask the person to keep them.
    /// Empty if the account has some from another second factor.
    recovery_codes: Vec<String>,
}

/// The outcome of `removeTotp`.
#[derive(Union)]
pub(crate) enum RemoveTotpResult {
    Success(RemoveTotpSuccess),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
    LastSecondFactor(LastSecondFactor),
}

/// The account has no authenticator app any more. If it has no passkey either, the recovery codes are gone as well.
#[derive(SimpleObject)]
pub(crate) struct RemoveTotpSuccess {
    /// The account.
    user: User,
}

impl From<start_totp::Started> for TotpStarted {
    fn from(started: start_totp::Started) -> Self {
        Self {
            flow: started.token.expose().to_owned(),
            secret: started.secret.to_string(),
            uri: started.uri.to_string(),
            qr_svg: started.qr_svg.to_string(),
            expires_at: started.expires_at.into(),
        }
    }
}

#[derive(Default)]
pub(super) struct TotpMutation;

#[Object]
impl TotpMutation {
    /// Begins to add an authenticator app to the account, or to replace the one that it has. It makes a secret, which is answered
    /// only here. Nothing changes before `confirmTotp`. What ends all sessions of the account ends this as well.
    #[graphql(directive = auth_fresh::apply())]
    async fn start_totp(&self, ctx: &Context<'_>) -> Result<Option<Counted<StartTotpResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(StartTotpResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        Ok(counted(match start_totp::start_totp(app, &client, &caller).boxed().await? {
            start_totp::Outcome::Started(started) => StartTotpResult::Started(started.into()),
            start_totp::Outcome::Limited(retry_after) => StartTotpResult::RateLimited(retry_after.into()),
        }))
    }

    /// Adds the authenticator app with a code of it. The same code is not accepted a second time, anywhere. After five wrong codes
    /// begin anew.
    #[graphql(directive = auth::apply())]
    async fn confirm_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A code of the app.")] input: ConfirmTotpInput,
    ) -> Result<Option<Counted<ConfirmTotpResult>>, ApiError> {
        use confirm_totp::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        let outcome = confirm_totp::confirm_totp(app, &client, caller, &input.flow, &input.code).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Success(codes) => ConfirmTotpResult::Success(ConfirmTotpSuccess {
                user: User::of(caller.clone()),
                recovery_codes: codes.iter().map(RecoveryCode::shown).collect(),
            }),
            Outcome::Wrong(tries_left) => ConfirmTotpResult::InvalidCode(InvalidCode::of_app(tries_left)),
            Outcome::Expired => ConfirmTotpResult::FlowExpired(FlowExpired::of_app()),
            Outcome::Limited(retry_after) => ConfirmTotpResult::RateLimited(retry_after.into()),
        }))
    }

    /// Removes the authenticator app from the account, and the recovery codes if there is no passkey. It succeeds as well if there is no
    /// app.
    #[graphql(directive = auth_fresh::apply())]
    async fn remove_totp(&self, ctx: &Context<'_>) -> Result<Option<Counted<RemoveTotpResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(RemoveTotpResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        Ok(counted(match remove_totp::remove_totp(app, &client, &caller).boxed().await? {
            remove_totp::Outcome::Success => {
                RemoveTotpResult::Success(RemoveTotpSuccess { user: User::of(caller.caller().clone()) })
            }
            remove_totp::Outcome::Needed => RemoveTotpResult::LastSecondFactor(LastSecondFactor::default()),
            remove_totp::Outcome::Limited(retry_after) => RemoveTotpResult::RateLimited(retry_after.into()),
        }))
    }
}
