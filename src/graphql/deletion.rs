//! `deleteAccount`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};

use super::cookies::{Cookie, Cookies};
use super::error::ApiError;
use super::guard::{Requester, auth, signed_in};
use super::problem::{ErrorCode, InvalidCredentials, RateLimited};
use super::scalars::DateTime;
use crate::app::App;
use crate::use_cases::delete_account::{self, Outcome};

/// What to delete an account with.
#[derive(InputObject)]
pub(crate) struct DeleteAccountInput {
    /// The caller's password.
    #[graphql(secret)]
    password: String,
}

/// How a deletion ends.
#[derive(Union)]
pub(crate) enum DeleteAccountResult {
    Success(DeleteAccountSuccess),
    InvalidCredentials(InvalidCredentials),
    RateLimited(RateLimited),
}

/// The account is deleted: all its sessions have ended, on every instance, and whoever wants its e-mail address and username may have
/// them.
#[derive(SimpleObject)]
pub(crate) struct DeleteAccountSuccess {
    /// When.
    deleted_at: DateTime,
    /// Until when the operator can restore it. Null if nobody can.
    kept_until: Option<DateTime>,
}

#[derive(Default)]
pub(crate) struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Deletes the caller's account. Cookies of the server are cleared.
    #[graphql(directive = auth::apply())]
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to delete the account with.")] input: DeleteAccountInput,
    ) -> Result<Option<DeleteAccountResult>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        Ok(Some(match delete_account::delete_account(app, &client, caller, input.password).await? {
            Outcome::Success { at, kept_until } => {
                if let Ok(cookies) = Cookies::of(ctx) {
                    cookies.forget(Cookie::Refresh);
                    cookies.forget(Cookie::Device);
                }
                DeleteAccountResult::Success(DeleteAccountSuccess {
                    deleted_at: at.into(),
                    kept_until: kept_until.map(Into::into),
                })
            }
            Outcome::InvalidCredentials => DeleteAccountResult::InvalidCredentials(InvalidCredentials {
                code: ErrorCode::InvalidCredentials,
                message: "That is not the password.".to_owned(),
            }),
            Outcome::Limited(retry_after) => DeleteAccountResult::RateLimited(retry_after.into()),
        }))
    }
}
