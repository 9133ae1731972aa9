//! Service keys: `pcs_<id>.<secret>`, with which a backend identifies itself.
//!
//! The database has only a hash. The secret has 256 random bits, so a plain SHA-256 of it can't be guessed back.

pub(crate) mod store;

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::PlainToken;
use crate::clock::{Timestamp, new_id};
use crate::error::Error;

/// Tells what kind of secret it is, to people and to scanners of leaked secrets.
const PREFIX: &str = "pcs_";

const SECRET_BYTES: usize = 32;

/// Longer than any key of ours.
const MAX_BYTES: usize = 99;

/// Longest name of a service key, in characters.
pub const NAME_LENGTH: usize = 100;

/// Identifies a service key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceKeyId(pub Uuid);

impl fmt::Display for ServiceKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A service key as it is presented. Its secret prints as `[redacted]`.
pub(crate) struct PresentedKey {
    pub(crate) id: ServiceKeyId,
    hash: Hash,
}

/// What the database has of a key's secret.
pub(crate) type Hash = [u8; 32];

/// A service key as operators see it.
#[derive(Clone, Debug)]
pub struct ServiceKey {
    /// Its identity.
    pub id: ServiceKeyId,
    /// What it is for, in the operator's words.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new key: its identity, what to hand out and what to keep.
pub(crate) fn generate(now: Timestamp) -> Result<(ServiceKeyId, PlainToken, Hash), Error> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(secret.as_mut_slice()).map_err(Error::internal)?;
    let id = new_id(now);
    let text =
        format!("{PREFIX}{}.{}", URL_SAFE_NO_PAD.encode(id.as_bytes()), URL_SAFE_NO_PAD.encode(secret.as_slice()));
    Ok((ServiceKeyId(id), PlainToken(text), hash(secret.as_slice())))
}

impl PresentedKey {
    /// Reads a key; `None` for what no key looks like.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_BYTES)?.split_once('.')?;
        let id = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
        (secret.len() == SECRET_BYTES).then(|| Self { id: ServiceKeyId(id), hash: hash(&secret) })
    }

    /// Whether it is the key with this hash. Takes as long for each.
    pub(crate) fn matches(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.hash, hash).is_ok()
    }
}

fn hash(secret: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, secret).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_but_the_very_text_of_a_key_is_that_key(
            place in 0..70_usize,
            odd in prop_oneof![any::<char>(), "[A-Za-z0-9_.=+/-]".prop_map(|text| text.chars().next().unwrap())],
            edit in 0..5_u8,
            arbitrary in "\\PC{0,120}",
        ) {
            let (id, text, hash) = generate(chrono::DateTime::UNIX_EPOCH).unwrap();
            let mut changed: Vec<char> = text.expose().chars().collect();
            let place = place % changed.len();
            match edit {
                0 => changed[place] = odd,
                1 => changed.insert(place, odd),
                2 => changed.truncate(place),
                3 => changed.push(odd),
                _ => drop(changed.remove(place)),
            }
            let changed: String = changed.into_iter().collect();
            for typed in [&changed, &arbitrary, &format!("pcs_{arbitrary}")] {
                let accepted = PresentedKey::parse(typed).is_some_and(|key| key.id == id && key.matches(&hash));
                prop_assert_eq!(accepted, typed == text.expose(), "{}", typed);
            }
        }
    }

    #[test]
    fn a_key_is_recognised_and_no_other() {
        let (id, text, hash) = generate(chrono::DateTime::UNIX_EPOCH).unwrap();
        let key = PresentedKey::parse(text.expose()).unwrap();
        assert!(key.id == id && key.matches(&hash));
        let (_, _, other) = generate(chrono::DateTime::UNIX_EPOCH).unwrap();
        assert!(!key.matches(&other) && !key.matches(&[]));
        for text in ["", "pcs_", "pcs_.", "pcs_AAAA.AAAA", "pcr_AAAA.AAAA", &text.expose()[..60], &"pcs_.".repeat(99)] {
            assert!(PresentedKey::parse(text).is_none(), "{text}");
        }
    }
}
