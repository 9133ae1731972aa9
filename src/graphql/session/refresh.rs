//! `refreshToken`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::object::{Session, parts};
use super::tokens::{Delivery, Tokens};
use crate::app::{App, SignIn};
use crate::graphql::cookies::{Cookie, Cookies};
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{ErrorCode, InvalidRefreshToken, InvalidRefreshTokenReason, RateLimited};
use crate::graphql::user::User;
use crate::use_cases::refresh::{self, Outcome, Why};

/// The input of `refreshToken`.
#[derive(InputObject)]
pub(crate) struct RefreshTokenInput {
    /// The session's newest refresh token. If it is left out, the one in the cookie is used.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// The outcome of `refreshToken`.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as its answer is written")]
pub(crate) enum RefreshTokenResult {
    Success(RefreshTokenSuccess),
    InvalidRefreshToken(InvalidRefreshToken),
    RateLimited(RateLimited),
}

/// The session continues. Use the new tokens from now on.
#[derive(SimpleObject)]
pub(crate) struct RefreshTokenSuccess {
    /// The account.
    user: User,
    /// The session.
    session: Session,
    /// The session's new tokens.
    tokens: Tokens,
}

impl RefreshTokenSuccess {
    fn new(sign_in: SignIn, delivery: Delivery<'_>) -> Self {
        let (caller, session, tokens) = parts(sign_in, delivery);
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

impl RefreshTokenResult {
    fn new(outcome: Outcome, delivery: Delivery<'_>) -> Self {
        match outcome {
            Outcome::Success(sign_in) => Self::Success(RefreshTokenSuccess::new(*sign_in, delivery)),
            Outcome::Refused(why) => Self::InvalidRefreshToken(why.into()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct RefreshMutation;

#[Object]
impl RefreshMutation {
    /// Exchanges a refresh token for a new access token and the next refresh token. If the answer is lost, send the
    /// same token again: it brings the same next token until that has been used. An older token ends the session,
    /// because two parties have it. A token in the input wins over the cookie, and the next one comes in the body.
    /// Otherwise the next one comes in the cookie, which is cleared if its token is not accepted.
    #[graphql(directive = public::apply())]
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token, if it is not in the cookie.")] input: Option<RefreshTokenInput>,
    ) -> Result<Option<Counted<RefreshTokenResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        // A token in the input wins over the cookie, which a browser adds by itself.
        if let Some(token) = input.and_then(|input| input.refresh_token) {
            let outcome = refresh::refresh(app, &client, &token).boxed().await?;
            return Ok(counted(RefreshTokenResult::new(outcome, Delivery::BODY)));
        }
        let cookies = Cookies::of(ctx)?;
        // A browser without the cookie is not signed in, so the answer is the same as for a cookie that holds no
        // token.
        let token = cookies.get(Cookie::Refresh).unwrap_or_default();
        let outcome = refresh::refresh(app, &client, &token).boxed().await?;
        if matches!(outcome, Outcome::Refused(_)) {
            cookies.forget(Cookie::Refresh);
        }
        Ok(counted(RefreshTokenResult::new(outcome, Delivery::by_cookie(cookies))))
    }
}
