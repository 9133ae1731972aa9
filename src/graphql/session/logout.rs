//! `logout`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use futures_util::FutureExt;

use crate::app::App;
use crate::graphql::cookies::{Cookie, Cookies};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::use_cases::logout;

/// The input of `logout`.
#[derive(InputObject)]
pub(crate) struct LogoutInput {
    /// A refresh token. Its session is ended as well.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// The sessions of the tokens in the request have ended on every instance.
#[derive(SimpleObject)]
pub(crate) struct LogoutSuccess {
    /// Whether this request ended a session. False if the session had ended before, or if the request had no valid
    /// token.
    ended: bool,
}

#[derive(Default)]
pub(super) struct LogoutMutation;

#[Object]
impl LogoutMutation {
    /// Ends the sessions of the access token, of the refresh token in the input, and of the refresh token in the
    /// cookie. The access token may have expired. The cookie is cleared in any case. Calling it again does no harm.
    #[graphql(directive = public::apply())]
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A session to end, beside that of the access token.")] input: Option<LogoutInput>,
    ) -> Result<Option<LogoutSuccess>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let requester = ctx.data_unchecked::<Requester>();
        let cookies = Cookies::of(ctx).ok();
        let kept = cookies.and_then(|cookies| cookies.get(Cookie::Refresh));
        // This comes before anything that can fail, so that the next person at this machine can't go on.
        if let Some(cookies) = cookies {
            cookies.forget(Cookie::Refresh);
        }
        let refresh_tokens: Vec<String> = input.and_then(|input| input.refresh_token).into_iter().chain(kept).collect();
        let ended = logout::logout(app, &requester.client(), requester.credential(), &refresh_tokens).boxed().await?;
        Ok(Some(LogoutSuccess { ended }))
    }
}
