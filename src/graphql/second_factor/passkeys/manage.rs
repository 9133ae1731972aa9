//! `renamePasskey`, `removePasskey`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;
use uuid::Uuid;

use super::Passkey;
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::factor::ReauthenticationRequired;
use crate::graphql::guard::{Requester, auth, auth_fresh, freshly_signed_in, signed_in};
use crate::graphql::problem::{FieldError, InvalidInput, RateLimited};
use crate::graphql::second_factor::problem::{LastSecondFactor, LastSignInMethod, PasskeyNotFound};
use crate::ids::PasskeyId;
use crate::use_cases::{remove_passkey, rename_passkey};

/// The input of `renamePasskey`.
#[derive(InputObject)]
pub(crate) struct RenamePasskeyInput {
    /// The passkey's `id`.
    id: ID,
    /// What its owner calls it from now on: one line of at most 64 characters.
    name: String,
}

/// The outcome of `renamePasskey`.
#[derive(Union)]
pub(crate) enum RenamePasskeyResult {
    Success(RenamePasskeySuccess),
    PasskeyNotFound(PasskeyNotFound),
    InvalidInput(InvalidInput),
    RateLimited(RateLimited),
}

/// The passkey has its new name.
#[derive(SimpleObject)]
pub(crate) struct RenamePasskeySuccess {
    /// The passkey.
    passkey: Passkey,
}

/// The input of `removePasskey`.
#[derive(InputObject)]
pub(crate) struct RemovePasskeyInput {
    /// The passkey's `id`.
    id: ID,
}

/// The outcome of `removePasskey`.
#[derive(Union)]
pub(crate) enum RemovePasskeyResult {
    Success(RemovePasskeySuccess),
    PasskeyNotFound(PasskeyNotFound),
    LastSignInMethod(LastSignInMethod),
    LastSecondFactor(LastSecondFactor),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

/// The account does not have the passkey any more. If it was the last second factor, the recovery codes are gone as well.
#[derive(SimpleObject)]
pub(crate) struct RemovePasskeySuccess {
    /// The id of the passkey that was removed.
    removed_id: ID,
}

#[derive(Default)]
pub(in crate::graphql) struct ManagePasskeysMutation;

/// What can be none is the id of none.
fn passkey_id(id: &ID) -> PasskeyId {
    PasskeyId(Uuid::parse_str(id).unwrap_or_default())
}

#[Object]
impl ManagePasskeysMutation {
    /// Gives one of the caller's passkeys another name.
    #[graphql(directive = auth::apply())]
    async fn rename_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey, and its name.")] input: RenamePasskeyInput,
    ) -> Result<Option<Counted<RenamePasskeyResult>>, ApiError> {
        use rename_passkey::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let (caller, client) = (signed_in(ctx).await?, ctx.data_unchecked::<Requester>().client());
        let id = passkey_id(&input.id);
        let outcome = rename_passkey::rename_passkey(app, &client, caller, id, &input.name).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Success(passkey) => RenamePasskeyResult::Success(RenamePasskeySuccess { passkey: passkey.into() }),
            Outcome::NotFound => RenamePasskeyResult::PasskeyNotFound(PasskeyNotFound::default()),
            Outcome::BadName(why) => {
                RenamePasskeyResult::InvalidInput(InvalidInput::new(vec![FieldError::passkey_name(why)]))
            }
            Outcome::Limited(retry_after) => RenamePasskeyResult::RateLimited(retry_after.into()),
        }))
    }

    /// Removes one of the caller's passkeys. The authenticator keeps what it has, which opens nothing any more: let the person remove it
    /// there as well.
    #[graphql(directive = auth_fresh::apply())]
    async fn remove_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey to remove.")] input: RemovePasskeyInput,
    ) -> Result<Option<Counted<RemovePasskeyResult>>, ApiError> {
        use remove_passkey::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(RemovePasskeyResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        let id = passkey_id(&input.id);
        Ok(counted(match remove_passkey::remove_passkey(app, &client, &caller, id).boxed().await? {
            Outcome::Success => RemovePasskeyResult::Success(RemovePasskeySuccess { removed_id: id.0.into() }),
            Outcome::NotFound => RemovePasskeyResult::PasskeyNotFound(PasskeyNotFound::default()),
            Outcome::Needed => RemovePasskeyResult::LastSecondFactor(LastSecondFactor::default()),
            Outcome::LastWayIn => RemovePasskeyResult::LastSignInMethod(LastSignInMethod::default()),
            Outcome::Limited(retry_after) => RemovePasskeyResult::RateLimited(retry_after.into()),
        }))
    }
}
