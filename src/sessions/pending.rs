//! A sign-in that waits for its second factor.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Method;
use crate::clock::Timestamp;
use crate::error::{Error, OrInternal};
use crate::limits::Consumed;

/// What the flow of a sign-in keeps between its steps.
#[derive(Serialize, Deserialize)]
pub(crate) struct PendingSignIn {
    /// The generation of the account's sessions when it began. Whatever ends all sessions ends it.
    pub(crate) generation: i64,
    /// When the account's password was set, if it has one.
    pub(crate) password_of: Option<Timestamp>,
    /// By what the first step was made.
    pub(crate) methods: Vec<Method>,
    /// The device token that came with the first step.
    pub(crate) device: Option<String>,
    /// What the first step took from the limits, which it gets back when the sign-in succeeds.
    pub(crate) taken: Consumed,
    /// The secret of the authenticator app that is added in it, if that was begun.
    #[serde(default)]
    pub(crate) new_app: Option<Vec<u8>>,
}

impl PendingSignIn {
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        serde_json::to_vec(self).map(Zeroizing::new).or_internal()
    }

    /// `None` if another version wrote them.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
