//! `startPasskey`, `addPasskey`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;

use super::{Passkey, PasskeyOptions};
use crate::app::App;
use crate::graphql::counted::{Counted, counted};
use crate::graphql::email::problem::FlowExpired;
use crate::graphql::error::ApiError;
use crate::graphql::factor::ReauthenticationRequired;
use crate::graphql::guard::{Requester, auth_fresh, freshly_signed_in};
use crate::graphql::problem::{FieldError, InvalidInput, RateLimited};
use crate::graphql::scalars::WebAuthnJson;
use crate::graphql::second_factor::problem::{InvalidPasskey, TooManyPasskeys};
use crate::recovery_codes::RecoveryCode;
use crate::use_cases::{add_passkey, start_passkey};

/// The outcome of `startPasskey`.
#[derive(Union)]
pub(crate) enum StartPasskeyResult {
    Started(PasskeyOptions),
    TooManyPasskeys(TooManyPasskeys),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

/// The input of `addPasskey`.
#[derive(InputObject)]
pub(crate) struct AddPasskeyInput {
    /// The passkey that the browser has made, as its `toJSON()` gives it (`RegistrationResponseJSON`).
    credential: WebAuthnJson,
    /// What its owner calls it, such as `Ada's laptop`: one line of at most 64 characters. By default it is `Passkey`.
    name: Option<String>,
}

/// The outcome of `addPasskey`.
#[derive(Union)]
pub(crate) enum AddPasskeyResult {
    Success(AddPasskeySuccess),
    InvalidPasskey(InvalidPasskey),
    FlowExpired(FlowExpired),
    InvalidInput(InvalidInput),
    TooManyPasskeys(TooManyPasskeys),
    ReauthenticationRequired(ReauthenticationRequired),
    RateLimited(RateLimited),
}

/// The account has the passkey.
#[derive(SimpleObject)]
pub(crate) struct AddPasskeySuccess {
    /// The passkey.
    passkey: Passkey,
    /// Ten codes, each of which can be used once in the place of a passkey or an authenticator app. They are shown only now, so ask
    /// the person to keep them. Empty if the account has some from another second factor.
    recovery_codes: Vec<String>,
}

#[derive(Default)]
pub(in crate::graphql) struct AddPasskeyMutation;

#[Object]
impl AddPasskeyMutation {
    /// Begins to add a passkey to the account. Nothing changes before `addPasskey`. Authenticators that have a passkey of the account
    /// make no other.
    #[graphql(directive = auth_fresh::apply())]
    async fn start_passkey(&self, ctx: &Context<'_>) -> Result<Option<Counted<StartPasskeyResult>>, ApiError> {
        use start_passkey::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(StartPasskeyResult::ReauthenticationRequired(required))),
        };
        Ok(counted(match start_passkey::start_passkey(app, &caller).boxed().await? {
            Outcome::Started(started) => StartPasskeyResult::Started(started.into()),
            Outcome::TooMany => StartPasskeyResult::TooManyPasskeys(TooManyPasskeys::default()),
            Outcome::Limited(retry_after) => StartPasskeyResult::RateLimited(retry_after.into()),
        }))
    }

    /// Adds the passkey that the browser has made with the options of `startPasskey`. Each of those is answered once. From then on
    /// whoever signs in by password or mail is asked for the passkey as well, and signing in by the passkey alone is enough.
    #[graphql(directive = auth_fresh::apply())]
    async fn add_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey.")] input: AddPasskeyInput,
    ) -> Result<Option<Counted<AddPasskeyResult>>, ApiError> {
        use add_passkey::Outcome;
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = match freshly_signed_in(ctx).await? {
            Ok(caller) => caller,
            Err(required) => return Ok(counted(AddPasskeyResult::ReauthenticationRequired(required))),
        };
        let client = ctx.data_unchecked::<Requester>().client();
        let (answer, name) = (input.credential.into(), input.name.as_deref());
        let outcome = add_passkey::add_passkey(app, &client, &caller, &answer, name).boxed().await?;
        Ok(counted(match outcome {
            Outcome::Success(passkey, codes) => AddPasskeyResult::Success(AddPasskeySuccess {
                passkey: passkey.into(),
                recovery_codes: codes.iter().map(RecoveryCode::shown).collect(),
            }),
            Outcome::Invalid => AddPasskeyResult::InvalidPasskey(InvalidPasskey::default()),
            Outcome::Expired => AddPasskeyResult::FlowExpired(FlowExpired::of_passkey()),
            Outcome::BadName(why) => {
                AddPasskeyResult::InvalidInput(InvalidInput::new(vec![FieldError::passkey_name(why)]))
            }
            Outcome::TooMany => AddPasskeyResult::TooManyPasskeys(TooManyPasskeys::default()),
            Outcome::Limited(retry_after) => AddPasskeyResult::RateLimited(retry_after.into()),
        }))
    }
}
