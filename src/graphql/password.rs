//! Passwords: `changePassword`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Union};
use futures_util::FutureExt;

use super::error::ApiError;
use super::guard::{Requester, auth, signed_in};
use super::problem::{ErrorCode, FieldError, InvalidCredentials, InvalidInput, RateLimited, WeakPassword};
use super::session::list::{EndedSessions, SessionConnection};
use super::user::User;
use crate::app::{App, SignedIn};
use crate::graphql::counted::{Counted, counted};
use crate::use_cases::change_password::{self, Outcome};

/// The input of `changePassword`.
#[derive(InputObject)]
pub(crate) struct ChangePasswordInput {
    /// The caller's current password.
    #[graphql(secret)]
    current_password: String,
    /// The new password, of 8 to 256 characters. Spaces are kept. Common passwords are refused.
    #[graphql(secret)]
    new_password: String,
}

/// The outcome of `changePassword`.
#[derive(Union)]
pub(crate) enum ChangePasswordResult {
    Success(ChangePasswordSuccess),
    InvalidCredentials(InvalidCredentials),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
}

pub(crate) struct ChangePasswordSuccess {
    caller: SignedIn,
    ended: EndedSessions,
}

/// The password was changed. All sessions of the account have ended except the one that sent the request, whose
/// tokens stay valid.
#[Object]
impl ChangePasswordSuccess {
    /// The account.
    async fn user(&self) -> User {
        User::of(self.caller.clone())
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

impl ChangePasswordResult {
    fn new(outcome: Outcome, caller: SignedIn) -> Self {
        match outcome {
            Outcome::Success(ending) => Self::Success(ChangePasswordSuccess {
                ended: EndedSessions::new(Some(caller.session()), Some(ending)),
                caller,
            }),
            Outcome::InvalidCredentials => Self::InvalidCredentials(InvalidCredentials {
                code: ErrorCode::InvalidCredentials,
                message: "That is not the current password.".to_owned(),
            }),
            Outcome::Invalid(fault) => {
                Self::InvalidInput(InvalidInput::new(vec![FieldError::password("newPassword", fault)]))
            }
            Outcome::Weak(weakness) => Self::WeakPassword(weakness.into()),
            Outcome::Limited(retry_after) => Self::RateLimited(retry_after.into()),
        }
    }
}

#[derive(Default)]
pub(crate) struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Changes the caller's password, and ends all of the caller's sessions except the one that sends the request.
    #[graphql(directive = auth::apply())]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current password and the new one.")] input: ChangePasswordInput,
    ) -> Result<Option<Counted<ChangePasswordResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        let (current, new) = (input.current_password, input.new_password);
        let outcome = change_password::change_password(app, &client, caller, current, new).boxed().await?;
        Ok(counted(ChangePasswordResult::new(outcome, caller.clone())))
    }
}
