//! `replaceRecoveryCodes`.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject, Union};
use futures_util::FutureExt;

use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::factor::ReauthenticationRequired;
use crate::graphql::guard::{Requester, auth_fresh, freshly_signed_in};
use crate::graphql::problem::RateLimited;
use crate::graphql::second_factor::problem::NoSecondFactor;
use crate::recovery_codes::RecoveryCode;
use crate::use_cases::replace_recovery_codes::{self, Outcome};

/// The outcome of `replaceRecoveryCodes`.
#[derive(Union)]
pub(crate) enum ReplaceRecoveryCodesResult {
    Success(ReplaceRecoveryCodesSuccess),
    NoSecondFactor(NoSecondFactor),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

/// The account has new recovery codes. Those of before do not work any more.
#[derive(SimpleObject)]
pub(crate) struct ReplaceRecoveryCodesSuccess {
    /// Ten codes, each of which can be used once. They are shown only now, so ask the person to keep them.
    recovery_codes: Vec<String>,
}

#[derive(Default)]
pub(super) struct RecoveryCodesMutation;

#[Object]
impl RecoveryCodesMutation {
    /// Gives the account new recovery codes in the place of those that it has, used or not. An account without an authenticator app and
    /// without a passkey has none: it gets some with the first of them.
    #[graphql(directive = auth_fresh::apply())]
    async fn replace_recovery_codes(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Counted<ReplaceRecoveryCodesResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(ReplaceRecoveryCodesResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        let outcome = replace_recovery_codes::replace_recovery_codes(app, &client, &caller).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Success(codes) => ReplaceRecoveryCodesResult::Success(ReplaceRecoveryCodesSuccess {
                recovery_codes: codes.iter().map(RecoveryCode::shown).collect(),
            }),
            Outcome::NoSecondFactor => ReplaceRecoveryCodesResult::NoSecondFactor(NoSecondFactor::default()),
            Outcome::Limited(retry_after) => ReplaceRecoveryCodesResult::RateLimited(retry_after.into()),
        }))
    }
}
