//! Devices on which an account is signed in to without its second factor.

pub(crate) mod store;

use std::net::IpAddr;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::AccountId;

/// A device that is trusted.
#[derive(Clone, Debug)]
pub(crate) struct TrustedDevice {
    pub(crate) account: AccountId,
    /// The id in its device token. It proves nothing.
    pub(crate) id: Uuid,
    /// When the second factor was shown on it.
    pub(crate) created_at: Timestamp,
    /// When it last took the place of the second factor.
    pub(crate) last_used_at: Timestamp,
    /// When that is over.
    pub(crate) expires_at: Timestamp,
    /// The `User-Agent` of the client that it was when it came to be trusted.
    pub(crate) user_agent: Option<String>,
    /// The address of that client.
    pub(crate) ip_address: Option<IpAddr>,
}
