//! Device tokens: `pcd_<account>.<device>.<mac>`.
//!
//! They say that the device has signed in to the account before (OWASP, Slow Down Online Guessing Attacks with Device Cookies), and
//! nothing more: a device that shows one has tries of its own at the password, whatever others do to the account.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{KeySet, PlainToken};
use crate::accounts::AccountId;

/// Tells what kind of secret it is. Changing it makes all devices unknown.
const PREFIX: &str = "pcd_";

/// Bytes of a token: prefix, two UUIDs, a MAC, and the points between them.
const BYTES: usize = 4 + 22 + 1 + 22 + 1 + 43;

/// What a genuine device token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceToken {
    /// The account that it has signed in to.
    pub account: AccountId,
    device: Uuid,
}

impl DeviceToken {
    /// A token for a device that has none yet.
    #[must_use]
    pub fn new(account: AccountId) -> Self {
        Self { account, device: Uuid::new_v4() }
    }

    /// What its attempts are counted by.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.account.0.as_bytes());
        bytes[16..].copy_from_slice(self.device.as_bytes());
        bytes
    }

    /// The token in clear text.
    #[must_use]
    pub fn mint(&self, keys: &KeySet) -> PlainToken {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mac = hmac::sign(&keys.device_key(), &self.identity());
        let (account, device) = (text(self.account.0.as_bytes()), text(self.device.as_bytes()));
        PlainToken(format!("{PREFIX}{account}.{device}.{}", text(mac.as_ref())))
    }

    /// Reads a token; `None` unless this deployment minted it.
    #[must_use]
    pub fn verify(keys: &KeySet, token: &str) -> Option<Self> {
        if token.len() != BYTES {
            return None;
        }
        let mut parts = token.strip_prefix(PREFIX)?.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (account, device, mac) = (parts.next()??, parts.next()??, parts.next()??);
        let account = AccountId(Uuid::from_slice(&account).ok()?);
        let read = Self { account, device: Uuid::from_slice(&device).ok()? };
        // Compares in constant time.
        hmac::verify(&keys.device_key(), &read.identity(), &mac).ok()?;
        Some(read)
    }
}
