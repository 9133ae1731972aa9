//! `revokeSession`, `revokeOtherSessions`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;
use uuid::Uuid;

use super::list::{EndedSessions, SessionConnection};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, auth, signed_in};
use crate::graphql::problem::{ErrorCode, SessionNotFound};
use crate::ids::SessionId;
use crate::use_cases::{revoke_other_sessions, revoke_session};

/// The input of `revokeSession`.
#[derive(InputObject)]
pub(crate) struct RevokeSessionInput {
    /// The session's `id`.
    id: ID,
}

/// The outcome of `revokeSession`.
#[derive(Union)]
pub(crate) enum RevokeSessionResult {
    Success(RevokeSessionSuccess),
    SessionNotFound(SessionNotFound),
}

/// The session has ended on every instance.
#[derive(SimpleObject)]
pub(crate) struct RevokeSessionSuccess {
    /// The id of the session that was ended.
    ended_session_id: ID,
}

/// The outcome of `revokeOtherSessions`.
#[derive(Union)]
pub(crate) enum RevokeOtherSessionsResult {
    Success(RevokeOtherSessionsSuccess),
}

pub(crate) struct RevokeOtherSessionsSuccess(EndedSessions);

/// All of the caller's sessions have ended on every instance, except the one that sent the request.
#[Object]
impl RevokeOtherSessionsSuccess {
    /// The number of sessions that this request ended.
    async fn ended_count(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        self.0.count(ctx).await
    }

    /// The sessions that this request ended, the newest first. They can be listed for a day.
    async fn ended_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The largest number of items to return, from 1 to 100.", default_with = "Some(20)")]
        first: Option<u16>,
        #[graphql(desc = "Returns the sessions that follow the one with this cursor.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>, ApiError> {
        self.0.page(ctx, first, after.as_deref()).await.map(Some)
    }
}

#[derive(Default)]
pub(super) struct DevicesMutation;

#[Object]
impl DevicesMutation {
    /// Ends one of the caller's sessions. It may be the one that sends the request.
    #[graphql(directive = auth::apply())]
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to end.")] input: RevokeSessionInput,
    ) -> Result<Option<Counted<RevokeSessionResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let (caller, client) = (signed_in(ctx).await?, ctx.data_unchecked::<Requester>().client());
        if let Ok(id) = Uuid::parse_str(&input.id)
            && revoke_session::revoke_session(app, &client, caller, SessionId(id)).boxed().await?
        {
            return Ok(counted(RevokeSessionResult::Success(RevokeSessionSuccess { ended_session_id: id.into() })));
        }
        Ok(counted(RevokeSessionResult::SessionNotFound(SessionNotFound {
            code: ErrorCode::SessionNotFound,
            message: "None of your active sessions has this id.".to_owned(),
        })))
    }

    /// Ends all of the caller's sessions except the one that sends the request, and the trust in all devices (`User.trustedDevices`).
    #[graphql(directive = auth::apply())]
    async fn revoke_other_sessions(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Counted<RevokeOtherSessionsResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let caller = signed_in(ctx).await?;
        let ending = revoke_other_sessions::revoke_other_sessions(app, &client, caller).boxed().await?;
        let ended = EndedSessions::new(Some(caller.session()), ending);
        Ok(counted(RevokeOtherSessionsResult::Success(RevokeOtherSessionsSuccess(ended))))
    }
}
