//! What is stored and must not be read or made by whoever reads the database: it is encrypted or authenticated with keys
//! that are derived from the deployment's secret.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::Secret;
use crate::error::Error;

const NONCE_BYTES: usize = 12;

/// What a derived key is for. Each has a key of its own. Changing a text makes everything unreadable that was sealed
/// under it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The signing keys.
    Keys,
    /// What mails carry.
    Mails,
    /// What flows keep until they end.
    Flows,
    /// The codes of flows.
    Codes,
    /// What authenticator apps share.
    Totps,
    /// The challenges of passkeys.
    Challenges,
}

impl Purpose {
    fn text(self) -> &'static [u8] {
        match self {
            Self::Keys => b"portcullis sealed keys v1",
            Self::Mails => b"portcullis sealed mails v1",
            Self::Flows => b"portcullis sealed flows v1",
            Self::Codes => b"portcullis codes of flows v1",
            Self::Totps => b"portcullis sealed totps v1",
            Self::Challenges => b"portcullis challenges of passkeys v1",
        }
    }

    /// The key of this purpose, in `key`.
    fn derive(self, secret: &Secret, kind: impl KeyType, key: &mut [u8]) -> Result<(), Error> {
        Salt::new(HKDF_SHA256, &[])
            .extract(secret.expose())
            .expand(&[self.text()], kind)
            .and_then(|derived| derived.fill(key))
            .map_err(|_| Error::internal("deriving a key failed"))
    }
}

/// Encrypts with AES-256-GCM.
struct Seal(RandomizedNonceKey);

/// The seal can't be opened: another secret made it, or the row was altered.
#[derive(Debug)]
struct WrongSeal;

impl Seal {
    fn new(secret: &Secret, purpose: Purpose) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0u8; 32]);
        purpose.derive(secret, &AES_256_GCM, key.as_mut_slice())?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice());
        key.map(Self).map_err(|_| Error::internal("deriving the sealing key failed"))
    }

    /// Returns nonce, ciphertext and tag. They are bound to `id`, so that rows can't be swapped.
    fn seal(&self, id: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = Zeroizing::new(plain.to_vec());
        let (nonce, tag) = self
            .0
            .seal_in_place_separate_tag(Aad::from(id.as_bytes()), &mut text)
            .map_err(|_| Error::internal("sealing failed"))?;
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

/// Seals and opens what is stored for one purpose: with the deployment's current secret, and with the previous one
/// while it is being replaced.
pub struct Seals {
    current: Seal,
    previous: Option<Seal>,
}

/// The opened content of a seal.
pub(crate) struct Unsealed {
    pub(crate) plain: Zeroizing<Vec<u8>>,
    /// Only the previous secret opened it.
    pub(crate) stale: bool,
}

impl Seals {
    /// Takes these secrets.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>, purpose: Purpose) -> Result<Self, Error> {
        let previous = previous.map(|secret| Seal::new(secret, purpose)).transpose()?;
        Ok(Self { current: Seal::new(secret, purpose)?, previous })
    }

    /// Seals `plain` for the row with this id.
    pub(crate) fn seal(&self, id: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.current.seal(id, plain)
    }

    /// Opens what was sealed for the row with this id. `None` if neither secret does.
    pub(crate) fn open(&self, id: Uuid, sealed: &[u8]) -> Option<Unsealed> {
        if let Ok(plain) = self.current.open(id, sealed) {
            return Some(Unsealed { plain, stale: false });
        }
        let plain = self.previous.as_ref()?.open(id, sealed).ok()?;
        Some(Unsealed { plain, stale: true })
    }
}

/// Authenticates short texts that are not random enough to be stored as a hash (HMAC with SHA-256).
pub(crate) struct Macs {
    current: hmac::Key,
    previous: Option<hmac::Key>,
}

impl Macs {
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>, purpose: Purpose) -> Result<Self, Error> {
        let key = |secret: &Secret| {
            let mut key = Zeroizing::new([0u8; 32]);
            purpose.derive(secret, hmac::HMAC_SHA256, key.as_mut_slice())?;
            Ok::<_, Error>(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
        };
        Ok(Self { current: key(secret)?, previous: previous.map(key).transpose()? })
    }

    /// The code that is stored for this text.
    pub(crate) fn mac(&self, text: &[u8]) -> Vec<u8> {
        hmac::sign(&self.current, text).as_ref().to_vec()
    }

    /// Whether this is the code of this text. The time that it takes does not depend on where they differ.
    pub(crate) fn is_mac(&self, text: &[u8], mac: &[u8]) -> bool {
        let is_of = |key: &hmac::Key| hmac::verify(key, text, mac).is_ok();
        is_of(&self.current) || self.previous.as_ref().is_some_and(is_of)
    }

    /// All codes that may have been stored for this text, the current one first.
    pub(crate) fn macs(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let previous = self.previous.as_ref().map(|key| hmac::sign(key, text).as_ref().to_vec());
        [Some(self.mac(text)), previous].into_iter().flatten().collect()
    }
}

impl std::fmt::Debug for Macs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Macs")
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

    fn secret(byte: u8) -> Secret {
        Secret::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn only_the_same_secret_purpose_and_row_open_a_seal() {
        let seal = Seal::new(&secret(1), Purpose::Keys).unwrap();
        let (id, elsewhere) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = seal.seal(id, b"key").unwrap();
        assert_eq!(seal.open(id, &sealed).unwrap().as_slice(), b"key");
        assert!(Seal::new(&secret(2), Purpose::Keys).unwrap().open(id, &sealed).is_err());
        assert!(Seal::new(&secret(1), Purpose::Mails).unwrap().open(id, &sealed).is_err());
        assert!(seal.open(elsewhere, &sealed).is_err());
        assert!(seal.open(id, &sealed[..5]).is_err());
        assert!(!sealed.windows(3).any(|window| window == b"key"));
    }

    #[test]
    fn the_previous_secret_opens_what_the_current_does_not_and_seals_nothing() {
        let [old, new, other] = [1, 2, 3].map(secret);
        let id = Uuid::from_u128(1);
        let seals = |secret, previous| Seals::new(secret, previous, Purpose::Flows).unwrap();
        let sealed = seals(&old, None).seal(id, b"key").unwrap();
        let both = seals(&new, Some(&old));
        let opened = both.open(id, &sealed).unwrap();
        assert_eq!((opened.plain.as_slice(), opened.stale), (b"key".as_slice(), true));
        let again = both.seal(id, &opened.plain).unwrap();
        assert!(!both.open(id, &again).unwrap().stale && seals(&old, None).open(id, &again).is_none());
        assert!(seals(&new, Some(&other)).open(id, &sealed).is_none());
    }

    #[test]
    fn a_code_of_the_previous_secret_is_still_known() {
        let macs = |secret, previous| Macs::new(secret, previous, Purpose::Codes).unwrap();
        let (old, new) = (secret(1), secret(2));
        let stored = macs(&old, None).mac(b"12345678");
        assert!(macs(&new, Some(&old)).macs(b"12345678").contains(&stored));
        assert!(!macs(&new, None).macs(b"12345678").contains(&stored));
        assert!(macs(&new, Some(&old)).is_mac(b"12345678", &stored) && macs(&old, None).is_mac(b"12345678", &stored));
        assert!(!macs(&new, None).is_mac(b"12345678", &stored) && !macs(&old, None).is_mac(b"12345679", &stored));
        assert!(!macs(&old, None).is_mac(b"12345678", &stored[..31]) && !macs(&old, None).is_mac(b"12345678", b""));
        assert!(!macs(&old, None).macs(b"12345679").contains(&stored));
    }
}
