//! The second factors that the caller has.

use async_graphql::Context;

use crate::app::SignedIn;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::Loaders;
use crate::totp::store::Factors;

/// The second factors of the caller.
pub(in crate::graphql) async fn factors_of(ctx: &Context<'_>, caller: &SignedIn) -> Result<Option<Factors>, ApiError> {
    let loader = ctx.data_unchecked::<Loaders>().factors();
    Ok(loader.load_one(caller.account().id).await?)
}
