//! `logout`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::app::App;
use crate::graphql::cookies::{Cookie, Cookies};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::use_cases::logout;

/// Which session to end, beside that of the access token.
#[derive(InputObject)]
pub(crate) struct LogoutInput {
    /// A refresh token of the session to end.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// The sessions of the tokens that were sent have ended, on every instance.
#[derive(SimpleObject)]
pub(crate) struct LogoutSuccess {
    /// Whether a session ended now. False when there was nothing to end: it had ended before, or no token of ours was sent.
    ended: bool,
}

#[derive(Default)]
pub(super) struct LogoutMutation;

#[Object]
impl LogoutMutation {
    /// Ends the session of the access token, even of one that has expired, that of the refresh token if one is given, and that of
    /// the token in the cookie, which is cleared whatever comes of it. Harmless when repeated.
    #[graphql(directive = public::apply())]
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to end, beside that of the access token.")] input: Option<LogoutInput>,
    ) -> Result<Option<LogoutSuccess>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let requester = ctx.data_unchecked::<Requester>();
        let cookies = Cookies::of(ctx).ok();
        let kept = cookies.and_then(|cookies| cookies.get(Cookie::Refresh));
        // Before anything can fail: the next person at this machine must not go on.
        if let Some(cookies) = cookies {
            cookies.forget(Cookie::Refresh);
        }
        let refresh_tokens: Vec<String> = input.and_then(|input| input.refresh_token).into_iter().chain(kept).collect();
        let ended = logout::logout(app, &requester.client(), requester.credential(), &refresh_tokens).await?;
        Ok(Some(LogoutSuccess { ended }))
    }
}
