//! Device tokens: `pcd_<account>.<device>.<times>.<mac>`.
//!
//! A device token proves that the device has signed in to the account before, and nothing else (OWASP, Slow Down
//! Online Guessing Attacks with Device Cookies). A device that shows one has attempts of its own at the password,
//! whatever others do to the account.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{KeySet, PlainToken};
use crate::clock::Timestamp;
use crate::ids::AccountId;

/// The prefix shows what kind of secret it is. Changing it makes all devices unknown.
const PREFIX: &str = "pcd_";

/// The length of a token in bytes: a prefix, two UUIDs, two times, a MAC, and the dots between them. Tokens of
/// another length, such as older ones without times, are not valid.
const BYTES: usize = 4 + 22 + 1 + 22 + 1 + 22 + 1 + 43;

/// How long a device is known after it has signed in.
pub const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The content of a genuine device token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceToken {
    /// The account that it has signed in to.
    pub account: AccountId,
    device: Uuid,
    /// When the device last signed in.
    issued_at: Timestamp,
    /// When the password that it signed in with was set. It is only compared for equality: no two passwords of an
    /// account have the same time, whatever the clocks say.
    password_of: Timestamp,
}

/// The times of a sign-in on a device.
#[derive(Clone, Copy, Debug)]
pub struct SignInTimes {
    /// When the password was set.
    pub password_of: Timestamp,
    /// When the device signs in with it.
    pub now: Timestamp,
}

impl DeviceToken {
    /// A token for a device that signs in.
    #[must_use]
    pub fn new(account: AccountId, SignInTimes { password_of, now }: SignInTimes) -> Self {
        Self { account, device: Uuid::new_v4(), issued_at: now, password_of }
    }

    /// The next token of the same device, which signs in again at `now`.
    #[must_use]
    pub fn renewed(self, now: Timestamp) -> Self {
        Self { issued_at: now, ..self }
    }

    /// Whether it was issued for this account and for the password that was set at this time.
    #[must_use]
    pub fn is_of(&self, account: AccountId, password_of: Timestamp) -> bool {
        self.account == account && self.password_of == password_of
    }

    /// The id of the device.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.device
    }

    /// When it last signed in.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When the password that it signed in with was set.
    #[must_use]
    pub fn password_of(&self) -> Timestamp {
        self.password_of
    }

    /// The key by which its attempts are counted. It differs for each password, so that an old token does not use up
    /// the attempts of a new one.
    #[must_use]
    pub fn identity(&self) -> Vec<u8> {
        [self.account.0.as_bytes().as_slice(), self.device.as_bytes(), &bytes(self.password_of)].concat()
    }

    /// The token in clear text.
    #[must_use]
    pub fn mint(&self, keys: &KeySet) -> PlainToken {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mac = hmac::sign(&keys.device_key(), &self.signed());
        let (account, device) = (text(self.account.0.as_bytes()), text(self.device.as_bytes()));
        let times = text(&[bytes(self.issued_at), bytes(self.password_of)].concat());
        PlainToken::new(format!("{PREFIX}{account}.{device}.{times}.{}", text(mac.as_ref())))
    }

    /// Whether it was issued recently enough to be valid.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.issued_at + LIFE
    }

    /// Reads a token. `None` unless this deployment minted it.
    #[must_use]
    pub fn verify(keys: &KeySet, token: &str) -> Option<Self> {
        if token.len() != BYTES {
            return None;
        }
        let mut parts = token.strip_prefix(PREFIX)?.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (account, device, times, mac) = (parts.next()??, parts.next()??, parts.next()??, parts.next()??);
        let (issued_at, password_of) = times.split_first_chunk()?;
        let read = Self {
            account: AccountId(Uuid::from_slice(&account).ok()?),
            device: Uuid::from_slice(&device).ok()?,
            issued_at: timestamp(*issued_at)?,
            password_of: timestamp(password_of.try_into().ok()?)?,
        };
        // Compares in constant time.
        hmac::verify(&keys.device_key(), &read.signed(), &mac).ok()?;
        Some(read)
    }

    fn signed(&self) -> Vec<u8> {
        [self.identity().as_slice(), &bytes(self.issued_at)].concat()
    }
}

/// Microseconds of Unix time.
fn bytes(time: Timestamp) -> [u8; 8] {
    time.timestamp_micros().to_be_bytes()
}

fn timestamp(bytes: [u8; 8]) -> Option<Timestamp> {
    Timestamp::from_timestamp_micros(i64::from_be_bytes(bytes))
}
