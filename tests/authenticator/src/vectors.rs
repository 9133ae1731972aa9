//! The test vectors of WebAuthn Level 3 (section "Test Vectors"), derived as the specification says: all that is random by
//! HKDF-SHA-256, signatures of ECDSA by RFC 6979, and the key of RSA from two primes of Mersenne.

use ciborium::Value as Cbor;
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey as Ed25519;
use hkdf::Hkdf;
use num_bigint::BigUint;
use p256::ecdsa::{Signature, SigningKey as P256};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signature::Signer;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// DigestInfo of SHA-256 (RFC 8017, section 9.2).
const SHA256_INFO: [u8; 19] = [48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32];

/// What is random in a vector, one after the other.
struct Random<'a> {
    vector: &'a str,
    next: u8,
}

impl Random<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let derived = Hkdf::<Sha256>::new(Some(&[self.next]), b"WebAuthn test vectors");
        derived.expand(self.vector.as_bytes(), &mut bytes).expect("few bytes");
        self.next += 1;
        bytes
    }
}

enum Key {
    P256(Box<P256>),
    Ed25519(Box<Ed25519>),
    Rsa,
}

impl Key {
    fn of(random: &mut Random<'_>) -> Self {
        match random.vector {
            "packed.RS256" => Self::Rsa,
            "packed.EdDSA" => Self::Ed25519(Box::new(Ed25519::from_bytes(&random.bytes()))),
            _ => Self::P256(Box::new(P256::from_slice(&random.bytes::<32>()).expect("a key"))),
        }
    }

    /// In COSE.
    fn public(&self) -> Vec<u8> {
        let number = |number: i64| Cbor::Integer(number.into());
        let bytes = |bytes: &[u8]| Cbor::Bytes(bytes.to_vec());
        let parameters = match self {
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = (bytes(point.x().expect("a point")), bytes(point.y().expect("a point")));
                vec![(1, number(2)), (3, number(-7)), (-1, number(1)), (-2, x), (-3, y)]
            }
            Self::Ed25519(key) => {
                let x = bytes(key.verifying_key().as_bytes());
                vec![(1, number(1)), (3, number(-8)), (-1, number(6)), (-2, x)]
            }
            Self::Rsa => {
                let n = bytes(&(mersenne(1279) * mersenne(2203)).to_bytes_be());
                vec![(1, number(3)), (3, number(-257)), (-1, n), (-2, bytes(&[1, 0, 1]))]
            }
        };
        encoded(Cbor::Map(parameters.into_iter().map(|(label, value)| (number(label), value)).collect()))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let signature: Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Rsa => {
                let (p, q, one) = (mersenne(1279), mersenne(2203), BigUint::from(1_u8));
                let n = &p * &q;
                let exponent = BigUint::from(65_537_u32).modinv(&((p - &one) * (q - &one))).expect("an exponent");
                let length = n.to_bytes_be().len();
                let digest = [SHA256_INFO.as_slice(), &Sha256::digest(message)].concat();
                let filling = vec![0xff; length - digest.len() - 3];
                let padded = [&[0, 1], filling.as_slice(), &[0], &digest].concat();
                BigUint::from_bytes_be(&padded).modpow(&exponent, &n).to_bytes_be()
            }
        }
    }
}

fn mersenne(exponent: u32) -> BigUint {
    (BigUint::from(1_u8) << exponent) - 1_u8
}

fn encoded(value: Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&value, &mut bytes).expect("CBOR");
    bytes
}

/// `clientDataJSON`, by the serialisation of section 5.8.1.1.
fn client_data(random: &mut Random<'_>, kind: &str, challenge: [u8; 32]) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(&challenge);
    let places = match random.vector {
        "none.ES256.crossOrigin" => "true",
        "none.ES256.topOrigin" => r#"true,"topOrigin":"https://example.com""#,
        _ => "false",
    };
    let extra = if random.bytes::<1>()[0] & 1 == 1 {
        let text = "clientDataJSON may be extended with additional fields in the future, such as this: ";
        format!(r#","extraData":"{text}{}""#, BASE64URL_NOPAD.encode(&random.bytes::<16>()))
    } else {
        String::new()
    };
    let start = format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"https://example.org","#);
    format!(r#"{start}"crossOrigin":{places}{extra}}}"#).into_bytes()
}

fn authenticator_data(flags: u8, attested: &[u8]) -> Vec<u8> {
    [Sha256::digest("example.org").as_slice(), &[flags], &[0; 4], attested].concat()
}

fn signed(data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [data, Sha256::digest(client_data).as_slice()].concat()
}

/// The vector of this name. Of those with an attestation by a certificate, the statement is left out, and `none` is there
/// instead.
pub(crate) fn vector(name: &str) -> Value {
    let mut random = Random { vector: name, next: 0 };
    let challenge = random.bytes();
    let key = Key::of(&mut random);
    let created = client_data(&mut random, "webauthn.create", challenge);
    let (aaguid, id) = (random.bytes::<16>(), random.bytes::<32>());
    let mut flags = random.bytes::<1>()[0] & (USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP);
    if flags & BACKUP_ELIGIBLE == 0 {
        flags &= USER_VERIFIED;
    }
    let attested = [aaguid.as_slice(), &[0, 32], &id, &key.public()].concat();
    let data = authenticator_data(flags | USER_PRESENT | ATTESTED, &attested);
    let (format, statement) = if name == "packed-self.ES256" {
        let signature = Cbor::Bytes(key.sign(&signed(&data, &created)));
        ("packed", vec![("alg".into(), Cbor::Integer((-7).into())), ("sig".into(), signature)])
    } else {
        ("none", Vec::new())
    };
    let object = encoded(Cbor::Map(vec![
        ("fmt".into(), format.into()),
        ("attStmt".into(), Cbor::Map(statement)),
        ("authData".into(), Cbor::Bytes(data)),
    ]));
    if name.starts_with("packed.") {
        // The key of the attestation and the number of its certificate.
        random.next += 2;
    }
    let challenge = random.bytes();
    let got = client_data(&mut random, "webauthn.get", challenge);
    let mut now = random.bytes::<1>()[0] & (USER_VERIFIED | BACKED_UP) | flags & BACKUP_ELIGIBLE;
    if flags & BACKUP_ELIGIBLE == 0 {
        now &= USER_VERIFIED;
    }
    let data = authenticator_data(now | USER_PRESENT, &[]);
    let signature = key.sign(&signed(&data, &got));
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({
        "credentialId": text(&id),
        "registration": { "clientDataJSON": text(&created), "attestationObject": text(&object) },
        "authentication": {
            "clientDataJSON": text(&got), "authenticatorData": text(&data), "signature": text(&signature),
        },
    })
}
