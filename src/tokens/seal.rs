//! Encryption of the stored keys: AES-256-GCM with a key that is derived from the deployment's secret.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::Secret;
use crate::error::Error;

const NONCE_BYTES: usize = 12;

/// Changing it makes every sealed key unreadable.
const PURPOSE: &[u8] = b"portcullis sealed keys v1";

/// Seals and opens what the `keys` table holds.
struct Seal(RandomizedNonceKey);

/// The seal can't be opened: another secret made it, or the row was altered.
#[derive(Debug)]
struct WrongSeal;

impl Seal {
    fn new(secret: &Secret) -> Result<Self, Error> {
        let fault = |_| Error::internal("deriving the sealing key failed");
        let mut key = Zeroizing::new([0u8; 32]);
        Salt::new(HKDF_SHA256, &[])
            .extract(secret.expose())
            .expand(&[PURPOSE], &AES_256_GCM)
            .and_then(|derived| derived.fill(key.as_mut_slice()))
            .map_err(fault)?;
        RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).map(Self).map_err(fault)
    }

    /// Returns nonce, ciphertext and tag. They are bound to `id`, so that rows can't be swapped.
    fn seal(&self, id: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = Zeroizing::new(plain.to_vec());
        let (nonce, tag) = self
            .0
            .seal_in_place_separate_tag(Aad::from(id.as_bytes()), &mut text)
            .map_err(|_| Error::internal("sealing a key failed"))?;
        Ok([nonce.as_ref().as_slice(), &text, tag.as_ref()].concat())
    }

    fn open(&self, id: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongSeal> {
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or(WrongSeal)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| WrongSeal)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(id.as_bytes()), &mut text).map_err(|_| WrongSeal)?.len();
        text.truncate(length);
        Ok(text)
    }
}

/// The secrets that open the keys of the deployment: the current one, and the previous one while it is being
/// replaced.
pub struct Seals {
    current: Seal,
    previous: Option<Seal>,
}

/// The opened content of a seal.
pub(super) struct Unsealed {
    pub(super) key: Zeroizing<Vec<u8>>,
    /// Only the previous secret opened it.
    pub(super) stale: bool,
}

impl Seals {
    /// Takes these secrets.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        Ok(Self { current: Seal::new(secret)?, previous: previous.map(Seal::new).transpose()? })
    }

    pub(super) fn seal(&self, id: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.current.seal(id, plain)
    }

    pub(super) fn open(&self, id: Uuid, sealed: &[u8]) -> Result<Unsealed, Error> {
        if let Ok(key) = self.current.open(id, sealed) {
            return Ok(Unsealed { key, stale: false });
        }
        match self.previous.as_ref().map(|previous| previous.open(id, sealed)) {
            Some(Ok(key)) => Ok(Unsealed { key, stale: true }),
            Some(Err(WrongSeal)) | None => Err(Error::internal(
                "PORTCULLIS_SECRET does not open the keys in this database: another secret sealed them. \
                 Set the secret with which this deployment was first started, or put it into PORTCULLIS_SECRET_PREVIOUS \
                 to replace it.",
            )),
        }
    }
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seals")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_and_row_open_a_seal() {
        let seal = Seal::new(&Secret::new(&[1; 32]).unwrap()).unwrap();
        let other = Seal::new(&Secret::new(&[2; 32]).unwrap()).unwrap();
        let (id, elsewhere) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = seal.seal(id, b"key").unwrap();
        assert_eq!(seal.open(id, &sealed).unwrap().as_slice(), b"key");
        assert!(other.open(id, &sealed).is_err());
        assert!(seal.open(elsewhere, &sealed).is_err());
        assert!(seal.open(id, &sealed[..5]).is_err());
        assert!(!sealed.windows(3).any(|window| window == b"key"));
    }

    #[test]
    fn the_previous_secret_opens_what_the_current_does_not_and_seals_nothing() {
        let [old, new, other] = [1, 2, 3].map(|byte| Secret::new(&[byte; 32]).unwrap());
        let id = Uuid::from_u128(1);
        let sealed = Seals::new(&old, None).unwrap().seal(id, b"key").unwrap();
        let both = Seals::new(&new, Some(&old)).unwrap();
        let opened = both.open(id, &sealed).unwrap();
        assert_eq!((opened.key.as_slice(), opened.stale), (b"key".as_slice(), true));
        let again = both.seal(id, &opened.key).unwrap();
        assert!(!both.open(id, &again).unwrap().stale && Seals::new(&old, None).unwrap().open(id, &again).is_err());
        assert!(Seals::new(&new, Some(&other)).unwrap().open(id, &sealed).is_err());
    }
}
