//! `User.trustedDevices`, `forgetTrustedDevices`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::app::{App, SignedIn};
use crate::graphql::counted::{Counted, counted};
use crate::graphql::error::ApiError;
use crate::graphql::guard::{Requester, auth, signed_in};
use crate::graphql::loaders::Loaders;
use crate::graphql::scalars::DateTime;
use crate::trusted_devices;
use crate::use_cases::forget_trusted_devices;

/// A device on which the account is signed in to without its second factor.
#[derive(SimpleObject)]
pub(crate) struct TrustedDevice {
    /// Identifies it. It proves nothing.
    id: ID,
    /// When the second factor was shown on it.
    created_at: DateTime,
    /// When it was last signed in on without the second factor, or when the second factor was shown.
    last_used_at: DateTime,
    /// When the second factor is asked for again.
    expires_at: DateTime,
    /// The `User-Agent` of the client when the second factor was shown, as the client claims it. It has at most 256 characters.
    user_agent: Option<String>,
    /// The IP address of the client then.
    ip_address: Option<String>,
}

impl From<trusted_devices::TrustedDevice> for TrustedDevice {
    fn from(device: trusted_devices::TrustedDevice) -> Self {
        Self {
            id: device.id.into(),
            created_at: device.created_at.into(),
            last_used_at: device.last_used_at.into(),
            expires_at: device.expires_at.into(),
            user_agent: device.user_agent,
            ip_address: device.ip_address.map(|address| address.to_string()),
        }
    }
}

/// The devices that the caller trusts.
pub(in crate::graphql) async fn devices_of(
    ctx: &Context<'_>,
    caller: &SignedIn,
) -> Result<Vec<TrustedDevice>, ApiError> {
    let loader = ctx.data_unchecked::<Loaders>().trusted_devices();
    let devices = loader.load_one(caller.account().id).await?.unwrap_or_default();
    Ok(devices.into_iter().map(Into::into).collect())
}

/// The input of `forgetTrustedDevices`.
#[derive(InputObject)]
pub(crate) struct ForgetTrustedDevicesInput {
    /// The `id` of each device. All devices if it is null or left out.
    ids: Option<Vec<ID>>,
}

/// The outcome of `forgetTrustedDevices`.
#[derive(Union)]
pub(crate) enum ForgetTrustedDevicesResult {
    Success(ForgetTrustedDevicesSuccess),
}

/// These devices are asked for the second factor again. Their sessions go on.
#[derive(SimpleObject)]
pub(crate) struct ForgetTrustedDevicesSuccess {
    /// Those of the devices that were trusted.
    forgotten_ids: Vec<ID>,
}

#[derive(Default)]
pub(super) struct TrustedDevicesMutation;

#[Object]
impl TrustedDevicesMutation {
    /// Ends the trust in devices of the caller, which are asked for the second factor at the next sign-in. Sessions go on; end them with
    /// `revokeSession`.
    #[graphql(directive = auth::apply())]
    async fn forget_trusted_devices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which devices.")] input: ForgetTrustedDevicesInput,
    ) -> Result<Option<Counted<ForgetTrustedDevicesResult>>, ApiError> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let caller = signed_in(ctx).await?;
        let client = ctx.data_unchecked::<Requester>().client();
        // What is no id of ours names no device.
        let ids = input.ids.map(|ids| ids.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect());
        let forgotten = forget_trusted_devices::forget_trusted_devices(app, &client, caller, ids).boxed().await?;
        let forgotten_ids = forgotten.into_iter().map(Into::into).collect();
        Ok(counted(ForgetTrustedDevicesResult::Success(ForgetTrustedDevicesSuccess { forgotten_ids })))
    }
}
