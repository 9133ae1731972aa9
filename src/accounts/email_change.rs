//! What a change of an address keeps until it is confirmed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, OrInternal};

/// A change of an account's address that waits for the proof of the new one.
#[derive(Deserialize, Serialize)]
pub(crate) struct PendingChange {
    /// The address from which it started. The change is over when the account has another.
    pub(crate) from: String,
    /// The session that asked for it. The change is over when the session is.
    pub(crate) session: Uuid,
}

impl PendingChange {
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        serde_json::to_vec(self).map(Zeroizing::new).or_internal()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).or_internal()
    }
}
