//! `deleteAccount`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::cookies::{Cookie, Cookies};
use super::error::ApiError;
use super::guard::{Requester, auth, signed_in};
use super::problem::{ErrorCode, InvalidCredentials, RateLimited};
use super::scalars::DateTime;
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::use_cases::delete_account::{self, Outcome};

/// The input of `deleteAccount`.
#[derive(InputObject)]
pub(crate) struct DeleteAccountInput {
    /// The caller's password.
    #[graphql(secret)]
    password: String,
}

/// The outcome of `deleteAccount`.
#[derive(Union)]
pub(crate) enum DeleteAccountResult {
    Success(DeleteAccountSuccess),
    InvalidCredentials(InvalidCredentials),
    RateLimited(RateLimited),
}

/// The account is deleted. All its sessions have ended on every instance. Its e-mail address and its username are
/// free for other accounts.
#[derive(SimpleObject)]
pub(crate) struct DeleteAccountSuccess {
    /// When the account was deleted.
    deleted_at: DateTime,
    /// The operator can restore the account until this time. Null if nobody can restore it.
    kept_until: Option<DateTime>,
}

#[derive(Default)]
pub(crate) struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Deletes the caller's account, and clears the server's cookies.
    #[graphql(directive = auth::apply())]
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The caller's password.")] input: DeleteAccountInput,
    ) -> Result<Option<Counted<DeleteAccountResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        Ok(counted(match delete_account::delete_account(app, &client, caller, input.password).boxed().await? {
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
