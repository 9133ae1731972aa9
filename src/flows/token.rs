//! Random tokens: `pcf_...` of the client that begins a flow, `pcl_...` of the link in the mail.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Error;

/// The prefixes show people and scanners of leaked secrets what kind of secret it is.
pub(super) const FLOW: &str = "pcf_";
pub(super) const LINK: &str = "pcl_";

/// Longest text that is looked at, in bytes. Ours have 47.
const MAX_BYTES: usize = 64;

/// A token of 256 random bits. The database has its hash.
#[derive(Clone, Debug)]
pub(crate) struct FlowToken(SecretString);

impl FlowToken {
    pub(super) fn random(prefix: &str) -> Result<Self, Error> {
        let mut random = Zeroizing::new([0u8; 32]);
        aws_lc_rs::rand::fill(random.as_mut_slice()).map_err(|_| Error::internal("no randomness"))?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random.as_slice())).into()))
    }

    /// The text. Never log it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        hash(self.expose())
    }
}

/// The hash of a text that somebody sends as a token. `None` if it is none of ours.
pub(super) fn hash_of(prefix: &str, text: &str) -> Option<Vec<u8>> {
    (text.len() <= MAX_BYTES && text.starts_with(prefix)).then(|| hash(text))
}

/// A token is random enough that its hash needs no salt and no cost.
fn hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
