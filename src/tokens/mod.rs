//! Tokens: how they are issued and verified.

pub(crate) mod access;
pub(crate) mod claims;
mod dates;
pub mod device;
mod key_set;
pub mod keys;
pub mod lifecycle;
pub mod operate;
pub mod refresh;
pub(crate) mod rotation;
pub mod service;
mod signing;
mod store;
mod verified;

pub use key_set::{KeySet, Published};
pub use signing::SigningKey;

use secrecy::{ExposeSecret, SecretString};

use crate::clock::Timestamp;

/// A token in clear text, to be handed to the client and nobody else.
#[derive(Clone, Debug)]
pub struct PlainToken(SecretString);

impl PlainToken {
    fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text of the token. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The tokens that a client gets when it signs in.
#[derive(Debug)]
pub struct TokenPair {
    /// The JWT for each request.
    pub access: PlainToken,
    /// When it expires.
    pub access_expires_at: Timestamp,
    /// The token that can be exchanged for the next pair.
    pub refresh: PlainToken,
}

/// The credential of a request.
pub enum Credential {
    /// There is none.
    Missing,
    /// It is not a bearer token, or there is more than one.
    Malformed,
    /// A bearer token (RFC 6750), which is not verified yet.
    Bearer(String),
}
