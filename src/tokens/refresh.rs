//! Refresh tokens: `pcr_<session>.<counter>.<mac>`.
//!
//! The key of the MAC is derived for each session from the deployment's, so a token is recognised without the
//! database. The database has only the counter.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{KeySet, PlainToken};
use crate::ids::SessionId;

/// The prefix shows people and scanners of leaked secrets what kind of secret it is. Changing it revokes every token
/// in the field.
const PREFIX: &str = "pcr_";

/// A length that no token of ours has.
const MAX_BYTES: usize = 160;

/// The content of a genuine refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session that it continues.
    pub session: SessionId,
    /// The number of the token among the session's refresh tokens.
    pub counter: i64,
}

impl RefreshToken {
    /// The token in clear text.
    #[must_use]
    pub fn mint(self, keys: &KeySet) -> PlainToken {
        let mac = hmac::sign(&keys.session_key(self.session.0), &self.counter.to_be_bytes());
        let session = URL_SAFE_NO_PAD.encode(self.session.0.as_bytes());
        PlainToken::new(format!("{PREFIX}{session}.{}.{}", self.counter, URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Reads a token. `None` unless this deployment minted it. Only the session's row tells whether it is current.
    #[must_use]
    pub fn verify(keys: &KeySet, token: &str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let mut parts = token.strip_prefix(PREFIX)?.split('.');
        let (session, counter, mac) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let session = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(session).ok()?).ok()?;
        let counter: i64 = counter.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // Compares in constant time.
        hmac::verify(&keys.session_key(session), &counter.to_be_bytes(), &mac).ok()?;
        let read = Self { session: SessionId(session), counter };
        // A token has only one text, so that `+1` and `01` are refused.
        (read.mint(keys).expose() == token).then_some(read)
    }
}
