//! The claims of a verified access token, and the reasons to reject one.

use crate::ids::{AccountId, SessionId};

/// The claims of a genuine access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`
    pub account: AccountId,
    /// `sid`
    pub session: SessionId,
    /// `auth_time`, in seconds since 1970: when the owner of the session last proved who they are.
    pub auth_time: Option<i64>,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It is not an access token of this issuer for this audience.
    Invalid,
    /// It is genuine, but has expired.
    Expired(Claims),
}
