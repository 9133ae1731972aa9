//! What the authenticator says (section 6.1).

use coset::AsCborValue;
use coset::CoseKey;
use uuid::Uuid;

use super::cbor::first;
use super::{Passkeys, Refusal};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

const MALFORMED: Refusal = Refusal::Malformed("authenticatorData");

/// Read, and not yet verified.
pub(super) struct AuthenticatorData {
    rp_id_hash: [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    pub(super) attested: Option<AttestedCredential>,
}

/// A new credential (section 6.5.2).
pub(super) struct AttestedCredential {
    pub(super) aaguid: Uuid,
    /// Compared with that of the answer, whose length has bounds.
    pub(super) id: Vec<u8>,
    /// As the authenticator wrote it (COSE, RFC 9052).
    pub(super) public_key: Vec<u8>,
    pub(super) cose: CoseKey,
}

impl AuthenticatorData {
    /// Reads all of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut rest = Rest(bytes);
        let (rp_id_hash, [flags], sign_count) = (rest.take()?, rest.take()?, u32::from_be_bytes(rest.take()?));
        let attested = (flags & ATTESTED != 0).then(|| AttestedCredential::read(&mut rest)).transpose()?;
        if flags & EXTENSIONS != 0 {
            // What they say is of no use here. They have to be a map.
            let (extensions, length) = first(rest.0).map_err(|_| MALFORMED)?;
            if !extensions.is_map() {
                return Err(MALFORMED);
            }
            rest.slice(length)?;
        }
        if rest.0.is_empty() { Ok(Self { rp_id_hash, flags, sign_count, attested }) } else { Err(MALFORMED) }
    }

    pub(super) fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(super) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl AttestedCredential {
    fn read(rest: &mut Rest<'_>) -> Result<Self, Refusal> {
        let aaguid = Uuid::from_bytes(rest.take()?);
        let length = usize::from(u16::from_be_bytes(rest.take()?));
        let id = rest.slice(length)?.to_vec();
        let (key, length) = first(rest.0).map_err(|_| MALFORMED)?;
        let public_key = rest.slice(length)?.to_vec();
        let cose = CoseKey::from_cbor_value(key).map_err(|_| Refusal::PublicKey)?;
        Ok(Self { aaguid, id, public_key, cose })
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(taken)
    }
}

impl Passkeys {
    /// Verifies the RP ID and the flags: steps 14 to 18 of section 7.1, and those of the same words in section 7.2.
    pub(super) fn check_authenticator_data(&self, data: &AuthenticatorData) -> Result<(), Refusal> {
        if data.rp_id_hash != self.rp_id_hash {
            return Err(Refusal::RelyingParty);
        }
        if data.flags & USER_PRESENT == 0 {
            return Err(Refusal::UserNotPresent);
        }
        if data.flags & USER_VERIFIED == 0 {
            return Err(Refusal::UserNotVerified);
        }
        if data.is_backed_up() && !data.is_backup_eligible() {
            return Err(Refusal::BackupFlags);
        }
        Ok(())
    }
}
