//! Passwords: `changePassword`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::account::User;
use super::error::ApiError;
use super::guard::{Viewer, auth, signed_in};
use super::problem::{ErrorCode, FieldError, InvalidCredentials, InvalidInput, RateLimited, WeakPassword};
use crate::app::{App, SignedIn};
use crate::flows::change_password::{self, Outcome};

/// What to change.
#[derive(InputObject)]
pub(crate) struct ChangePasswordInput {
    /// The caller's password until now.
    #[graphql(secret)]
    current_password: String,
    /// The password from now on: 8 to 256 characters. Spaces count; common passwords are refused.
    #[graphql(secret)]
    new_password: String,
}

/// How a change of the password ends.
#[derive(Union)]
pub(crate) enum ChangePasswordResult {
    Success(ChangePasswordSuccess),
    InvalidCredentials(InvalidCredentials),
    InvalidInput(InvalidInput),
    WeakPassword(WeakPassword),
    RateLimited(RateLimited),
}

/// The new password holds, and all the account's sessions but the one that asked have ended. Its tokens stay good.
#[derive(SimpleObject)]
pub(crate) struct ChangePasswordSuccess {
    /// The account.
    user: User,
    /// Which sessions ended now.
    ended_session_ids: Vec<ID>,
}

impl ChangePasswordResult {
    fn new(outcome: Outcome, caller: SignedIn) -> Self {
        match outcome {
            Outcome::Success(ended) => Self::Success(ChangePasswordSuccess {
                user: User::of(caller),
                ended_session_ids: ended.into_iter().map(|id| id.0.into()).collect(),
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
    /// Changes the caller's password, and ends all the caller's sessions but the one that asks.
    #[graphql(directive = auth::apply())]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Viewer>().client();
        let (current, new) = (input.current_password, input.new_password);
        let outcome = change_password::change_password(app, &client, caller, current, new).await?;
        Ok(Some(ChangePasswordResult::new(outcome, caller.clone())))
    }
}
