//! `revertEmailChange`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::problem::FlowExpired;
use crate::app::App;
use crate::graphql::account::email_taken;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, public};
use crate::graphql::problem::{EmailTaken, RateLimited};
use crate::graphql::session::list::{EndedSessions, SessionConnection};
use crate::use_cases::revert_email_change::{self, Outcome};

/// What a mail brought that has a link only.
#[derive(InputObject)]
pub(crate) struct FlowTokenInput {
    /// What stands in the mail's link after the `=`.
    #[graphql(secret)]
    flow: String,
}

/// The outcome of `revertEmailChange`.
#[derive(Union)]
pub(crate) enum RevertEmailChangeResult {
    Success(RevertEmailChangeSuccess),
    EmailTaken(EmailTaken),
    FlowExpired(FlowExpired),
    RateLimited(RateLimited),
}

pub(crate) struct RevertEmailChangeSuccess {
    email: String,
    ended: EndedSessions,
}

/// The account has the address of before. All its sessions have ended, and its password is deleted. A mail to that address brings a
/// link for `completePasswordReset`.
#[Object]
impl RevertEmailChangeSuccess {
    /// The address that the account has again.
    async fn email(&self) -> &str {
        &self.email
    }

    /// The number of sessions that this request ended.
    async fn ended_count(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        self.ended.count(ctx).await
    }

    /// The sessions that this request ended, the newest first. They can be listed for a day.
    async fn ended_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The largest number of items to return, from 1 to 100.", default_with = "Some(20)")]
        first: Option<u16>,
        #[graphql(desc = "Returns the sessions that follow the one with this cursor.")] after: Option<String>,
    ) -> Result<Option<SessionConnection>, ApiError> {
        self.ended.page(ctx, first, after.as_deref()).await.map(Some)
    }
}

impl From<Outcome> for RevertEmailChangeResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success(email, ending) => {
                Self::Success(RevertEmailChangeSuccess { email, ended: EndedSessions::new(None, Some(ending)) })
            }
            Outcome::Taken => Self::EmailTaken(email_taken()),
            Outcome::Expired => Self::FlowExpired(FlowExpired::of_mail()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct RevertMutation;

#[Object]
impl RevertMutation {
    /// Gives the account back the address of before, with the link in the mail that told of the change. Whoever changed it is out:
    /// all sessions end, the password is deleted, and a mail brings a link that sets a new one. If another account has got the
    /// address in the meantime, nothing is done, and the link stays valid.
    #[graphql(directive = public::apply())]
    async fn revert_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the mail brought.")] input: FlowTokenInput,
    ) -> Result<Option<Counted<RevertEmailChangeResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let client = ctx.data_unchecked::<Requester>().client();
        let outcome = revert_email_change::revert_email_change(app, &client, input.flow).boxed().await?;
        Ok(counted(outcome.into()))
    }
}
