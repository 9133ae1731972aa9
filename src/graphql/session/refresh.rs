//! `refreshToken`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};

use super::{Session, Tokens, parts};
use crate::app::{App, SignIn};
use crate::flows::refresh::{self, Outcome, Why};
use crate::graphql::account::User;
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Viewer, public};
use crate::graphql::problem::{ErrorCode, InvalidRefreshToken, InvalidRefreshTokenReason, RateLimited};

/// What to go on with.
#[derive(InputObject)]
pub(crate) struct RefreshTokenInput {
    /// The session's newest refresh token.
    #[graphql(secret)]
    refresh_token: String,
}

/// How a refresh ends.
#[derive(Union)]
pub(crate) enum RefreshTokenResult {
    Success(RefreshTokenSuccess),
    InvalidRefreshToken(InvalidRefreshToken),
    RateLimited(RateLimited),
}

/// The session goes on. Use the new tokens from now on.
#[derive(SimpleObject)]
pub(crate) struct RefreshTokenSuccess {
    /// The account.
    user: User,
    /// The session.
    session: Session,
    /// The session's new tokens.
    tokens: Tokens,
}

impl From<SignIn> for RefreshTokenSuccess {
    fn from(sign_in: SignIn) -> Self {
        let (caller, session, tokens) = parts(sign_in);
        Self { user: User::of(caller), session, tokens }
    }
}

impl From<Why> for InvalidRefreshToken {
    fn from(why: Why) -> Self {
        let (reason, message) = match why {
            Why::Invalid => (InvalidRefreshTokenReason::Invalid, "This is not a refresh token of this server."),
            Why::Expired => (InvalidRefreshTokenReason::Expired, "The session has expired. Sign in again."),
            Why::Revoked => (InvalidRefreshTokenReason::Revoked, "The session has been ended. Sign in again."),
            Why::Reused => (
                InvalidRefreshTokenReason::Reused,
                "This refresh token was used before. To be safe, the session has been ended. Sign in again.",
            ),
        };
        Self { code: ErrorCode::InvalidRefreshToken, message: message.to_owned(), reason }
    }
}

impl From<Outcome> for RefreshTokenResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(sign_in) => Self::Success((*sign_in).into()),
            Outcome::Refused(why) => Self::InvalidRefreshToken(why.into()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct RefreshMutation;

#[Object]
impl RefreshMutation {
    /// Continues the session of a refresh token: brings a new access token and the next refresh token. If the answer is lost,
    /// send the same token again: it brings the same next one until that has been used. A token older than that ends the
    /// session, because two parties have it.
    #[graphql(directive = public::apply())]
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to go on with.")] input: RefreshTokenInput,
    ) -> Result<Option<RefreshTokenResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Viewer>().client();
        Ok(Some(refresh::refresh(app, &client, &input.refresh_token).await?.into()))
    }
}
