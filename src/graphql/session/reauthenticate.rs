//! `reauthenticate`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::tokens::Tokens;
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::InvalidCode;
use crate::graphql::error::ApiError;
use crate::graphql::factor::{ReauthFactorInput, ReauthenticationRequired};
use crate::graphql::guard::{Requester, auth, signed_in};
use crate::graphql::problem::{ErrorCode, InvalidCredentials, RateLimited};
use crate::graphql::scalars::DateTime;
use crate::graphql::second_factor::problem::InvalidPasskey;
use crate::use_cases::reauthenticate::{self, Outcome};

/// The input of `reauthenticate`.
#[derive(InputObject)]
pub(crate) struct ReauthenticateInput {
    /// What proves who the caller is.
    factor: ReauthFactorInput,
}

/// The outcome of `reauthenticate`.
#[derive(Union)]
pub(crate) enum ReauthenticateResult {
    Success(ReauthenticateSuccess),
    InvalidCredentials(InvalidCredentials),
    ReauthenticationRequired(ReauthenticationRequired),
    InvalidCode(InvalidCode),
    InvalidPasskey(InvalidPasskey),
    RateLimited(RateLimited),
}

/// The caller has proved who they are. Use the new access token from now on.
#[derive(SimpleObject)]
pub(crate) struct ReauthenticateSuccess {
    /// Until when fields that are `@auth(fresh: true)` can be called.
    fresh_until: DateTime,
    /// The new access token. The refresh token stays as it is.
    tokens: Tokens,
}

#[derive(Default)]
pub(super) struct ReauthenticateMutation;

#[Object]
impl ReauthenticateMutation {
    /// Proves anew who the caller is, for fields that are `@auth(fresh: true)`. The session goes on, and so does its refresh
    /// token. If the answer is lost, send it again.
    #[graphql(directive = auth::apply())]
    async fn reauthenticate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves who the caller is.")] input: ReauthenticateInput,
    ) -> Result<Option<Counted<ReauthenticateResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        let outcome = reauthenticate::reauthenticate(app, &client, caller, input.factor.into()).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Success(fresh) => ReauthenticateResult::Success(ReauthenticateSuccess {
                fresh_until: fresh.until.into(),
                tokens: Tokens::access_only(&fresh.access, fresh.access_expires_at),
            }),
            Outcome::InvalidCredentials => ReauthenticateResult::InvalidCredentials(InvalidCredentials {
                code: ErrorCode::InvalidCredentials,
                message: "That is not the password.".to_owned(),
            }),
            Outcome::LacksFactor(ways) => {
                ReauthenticateResult::ReauthenticationRequired(ReauthenticationRequired::after_password(ways))
            }
            Outcome::WrongCode(tries_left) => ReauthenticateResult::InvalidCode(InvalidCode::of_app(tries_left)),
            Outcome::InvalidPasskey => ReauthenticateResult::InvalidPasskey(InvalidPasskey::default()),
            Outcome::Limited(retry_after) => ReauthenticateResult::RateLimited(retry_after.into()),
        }))
    }
}
