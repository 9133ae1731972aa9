//! Service keys: `pcs_<id>.<secret>.<mac>`, with which a backend identifies itself.
//!
//! The database has only a hash. The secret has 256 random bits, so it can't be guessed from its plain SHA-256. The
//! MAC shows without a query that the deployment made the key, and decides nothing else. Keys of earlier versions
//! have none, and it does not verify any more after the deployment's keys were replaced. Such keys are looked up all
//! the same, within limits.

mod memory;
pub(crate) mod store;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{KeySet, PlainToken};
use crate::clock::{Timestamp, new_id};
use crate::error::{Error, OrInternal};
use crate::ids::ServiceKeyId;

pub use memory::Memory;

/// The prefix shows people and scanners of leaked secrets what kind of secret it is.
const PREFIX: &str = "pcs_";

const SECRET_BYTES: usize = 32;

/// The first bytes of an HMAC with SHA-256.
const MAC_BYTES: usize = 16;

/// A length that no key of ours has.
const MAX_BYTES: usize = 99;

/// Longest name of a service key, in characters.
pub const NAME_LENGTH: usize = 100;

/// A service key as it is presented. Its secret is not kept.
pub(crate) struct PresentedKey {
    pub(crate) id: ServiceKeyId,
    hash: Hash,
    mac: Option<[u8; MAC_BYTES]>,
}

/// The hash of a key's secret, as the database has it.
pub(crate) type Hash = [u8; 32];

/// A service key as operators see it.
#[derive(Clone, Debug)]
pub struct ServiceKey {
    /// The key's id.
    pub id: ServiceKeyId,
    /// The name that the operator gave it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new key: its id, the text for the backend, and the hash for the database. It has no MAC if the deployment has no
/// keys yet.
pub(crate) fn generate(keys: Option<&KeySet>, now: Timestamp) -> Result<(ServiceKeyId, PlainToken, Hash), Error> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    aws_lc_rs::rand::fill(secret.as_mut_slice()).or_internal()?;
    let (id, hash) = (ServiceKeyId(new_id(now)), hash(secret.as_slice()));
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut text = format!("{PREFIX}{}.{}", encode(id.0.as_bytes()), encode(secret.as_slice()));
    if let Some(keys) = keys {
        text.push('.');
        text.push_str(&encode(&mac(keys, id, &hash)));
    }
    Ok((id, PlainToken::new(text), hash))
}

impl PresentedKey {
    /// Reads a key. `None` if it does not have the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_BYTES)?.split('.');
        let id = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?);
        let mac = match parts.next() {
            Some(mac) => Some(URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?),
            None => None,
        };
        let is_whole = parts.next().is_none() && secret.len() == SECRET_BYTES;
        is_whole.then(|| Self { id: ServiceKeyId(id), hash: hash(&secret), mac })
    }

    /// Whether it is the key with this hash. The comparison takes constant time.
    pub(crate) fn matches(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.hash, hash).is_ok()
    }

    /// Whether the deployment made it with these keys. It may have been revoked afterwards.
    pub(crate) fn is_genuine(&self, keys: &KeySet) -> bool {
        self.mac.is_some_and(|shown| verify_slices_are_equal(&shown, &mac(keys, self.id, &self.hash)).is_ok())
    }

    /// The value by which it is remembered. Nobody can produce it without the secret.
    fn fingerprint(&self) -> Fingerprint {
        (self.id, self.hash)
    }
}

type Fingerprint = (ServiceKeyId, Hash);

/// Compares the hash, so that the time reveals nothing of the secret.
fn mac(keys: &KeySet, id: ServiceKeyId, hash: &Hash) -> [u8; MAC_BYTES] {
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(id.0.as_bytes());
    bytes[16..].copy_from_slice(hash);
    let mut mac = [0; MAC_BYTES];
    mac.copy_from_slice(&hmac::sign(&keys.service_key(), &bytes).as_ref()[..MAC_BYTES]);
    mac
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

    fn made() -> (ServiceKeyId, String, Hash) {
        let (id, text, hash) = generate(None, chrono::DateTime::UNIX_EPOCH).unwrap();
        (id, text.expose().to_owned(), hash)
    }

    proptest! {
        #[test]
        fn nothing_but_the_very_text_of_a_key_is_that_key(
            place in 0..70_usize,
            odd in prop_oneof![any::<char>(), "[A-Za-z0-9_.=+/-]".prop_map(|text| text.chars().next().unwrap())],
            edit in 0..5_u8,
            arbitrary in "\\PC{0,120}",
        ) {
            let (id, text, hash) = made();
            let mut changed: Vec<char> = text.chars().collect();
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
                prop_assert_eq!(accepted, *typed == text, "{}", typed);
            }
        }
    }

    #[test]
    fn a_key_is_recognised_and_no_other() {
        let (id, text, hash) = made();
        let key = PresentedKey::parse(&text).unwrap();
        assert!(key.id == id && key.matches(&hash));
        let (_, _, other) = made();
        assert!(!key.matches(&other) && !key.matches(&[]));
        let long = format!("{text}.{}.", "A".repeat(22));
        for text in ["", "pcs_", "pcs_.", "pcs_AAAA.AAAA", "pcr_AAAA.AAAA", &text[..60], &"pcs_.".repeat(99), &long] {
            assert!(PresentedKey::parse(text).is_none(), "{text}");
        }
    }
}
