//! What an access token says once it was verified, and why one is not accepted.

use crate::ids::{AccountId, SessionId};

/// What a genuine access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`
    pub account: AccountId,
    /// `sid`
    pub session: SessionId,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Not an access token of this issuer for this audience.
    Invalid,
    /// Genuine, but its time is over.
    Expired(Claims),
}
