//! Public keys of credentials (COSE, RFC 9052 and 9053; RFC 8230 for RSA), and their signatures (section 6.5.5).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use coset::cbor::Value;
use coset::iana::{self, EnumI64};
use coset::{CborSerializable, CoseKey, KeyType, Label, RegisteredLabelWithPrivate};

use super::Refusal;

/// Longest modulus of RSA, in bytes. A longer one makes each signature cost more than it is worth.
const MAX_MODULUS: usize = 512;

/// 65537, which all authenticators use.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// An algorithm of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    EdDsa,
    Es256,
    Rs256,
}

/// A public key that can verify.
pub(super) struct PublicKey {
    key: ParsedPublicKey,
    algorithm: Algorithm,
}

impl Algorithm {
    /// The one that is preferred comes first.
    pub(super) const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    fn registered(self) -> iana::Algorithm {
        match self {
            Self::EdDsa => iana::Algorithm::EdDSA,
            Self::Es256 => iana::Algorithm::ES256,
            Self::Rs256 => iana::Algorithm::RS256,
        }
    }

    /// Its number in the registry of COSE.
    pub(super) fn number(self) -> i64 {
        self.registered().to_i64()
    }
}

impl PublicKey {
    /// Reads a key that was stored.
    pub(super) fn stored(cose: &[u8]) -> Result<Self, Refusal> {
        Self::read(&CoseKey::from_slice(cose).map_err(|_| Refusal::PublicKey)?)
    }

    /// Reads a key of one of our algorithms. It has what its algorithm needs and nothing else (section 6.5.2).
    pub(super) fn read(cose: &CoseKey) -> Result<Self, Refusal> {
        let is_of =
            |algorithm: &Algorithm| cose.alg == Some(RegisteredLabelWithPrivate::Assigned(algorithm.registered()));
        let algorithm = Algorithm::ALL.into_iter().find(is_of).ok_or(Refusal::Algorithm)?;
        if !(cose.key_id.is_empty() && cose.key_ops.is_empty() && cose.base_iv.is_empty()) {
            return Err(Refusal::PublicKey);
        }
        let key = match algorithm {
            Algorithm::EdDsa => ed25519(cose),
            Algorithm::Es256 => p256(cose),
            Algorithm::Rs256 => rsa(cose),
        };
        Ok(Self { key: key.ok_or(Refusal::PublicKey)?, algorithm })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Verifies that this key signed this.
    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        self.key.verify_sig(signed, signature).map_err(|_| Refusal::Signature)
    }
}

fn ed25519(cose: &CoseKey) -> Option<ParsedPublicKey> {
    let [curve, x] =
        parameters(cose, iana::KeyType::OKP, [iana::OkpKeyParameter::Crv.to_i64(), iana::OkpKeyParameter::X.to_i64()])?;
    let is_ed25519 = *curve == Value::from(iana::EllipticCurve::Ed25519.to_i64());
    is_ed25519.then(|| ParsedPublicKey::new(&ED25519, coordinate(x)?).ok())?
}

fn p256(cose: &CoseKey) -> Option<ParsedPublicKey> {
    let [curve, x, y] = parameters(
        cose,
        iana::KeyType::EC2,
        [iana::Ec2KeyParameter::Crv.to_i64(), iana::Ec2KeyParameter::X.to_i64(), iana::Ec2KeyParameter::Y.to_i64()],
    )?;
    let is_p256 = *curve == Value::from(iana::EllipticCurve::P_256.to_i64());
    let point = [&[4], coordinate(x)?, coordinate(y)?].concat();
    is_p256.then(|| ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok())?
}

fn rsa(cose: &CoseKey) -> Option<ParsedPublicKey> {
    let [n, e] =
        parameters(cose, iana::KeyType::RSA, [iana::RsaKeyParameter::N.to_i64(), iana::RsaKeyParameter::E.to_i64()])?;
    let (n, e) = (n.as_bytes()?, e.as_bytes()?);
    let is_sound = (256..=MAX_MODULUS).contains(&n.len()) && n[n.len() - 1] & 1 == 1 && *e == EXPONENT;
    is_sound.then(|| RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok())?
}

/// The parameters of these numbers, if the key is of this type and has no others.
fn parameters<const N: usize>(cose: &CoseKey, kind: iana::KeyType, numbers: [i64; N]) -> Option<[&Value; N]> {
    if cose.kty != KeyType::Assigned(kind) || cose.params.len() != N {
        return None;
    }
    let value = |number| cose.params.iter().find(|(label, _)| *label == Label::Int(number)).map(|(_, value)| value);
    let found: Vec<_> = numbers.into_iter().filter_map(value).collect();
    found.try_into().ok()
}

fn coordinate(value: &Value) -> Option<&[u8]> {
    value.as_bytes().map(Vec::as_slice).filter(|bytes| bytes.len() == 32)
}
