//! An authenticator with its client, in software. Each part of what it answers can be made wrong.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::{Value as Cbor, into_writer};
use serde_json::{Map, Value, json};

use crate::passkeys::sha256;

/// User present and verified.
pub(super) const VERIFIED: u8 = 0x05;
pub(super) const BACKUP_ELIGIBLE: u8 = 0x08;
pub(super) const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// A key of RSA takes long to make.
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

pub(super) enum Key {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256,
}

impl Key {
    pub(super) fn all() -> [Self; 3] {
        [Self::EdDsa(Ed25519KeyPair::generate().unwrap()), Self::es256(), Self::Rs256]
    }

    pub(super) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Es256(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Rs256 => {
                let mut signature = vec![0; RSA.public_modulus_len()];
                RSA.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The labels and values of COSE.
    pub(super) fn cose(&self) -> Vec<(i64, Cbor)> {
        let bytes = |bytes: &[u8]| Cbor::from(bytes.to_vec());
        match self {
            Self::EdDsa(key) => {
                vec![(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, bytes(key.public_key().as_ref()))]
            }
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (bytes(&point[1..33]), bytes(&point[33..]));
                vec![(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, x), (-3, y)]
            }
            // RFC 8017: after 9 bytes the modulus, 2 bytes, and the exponent.
            Self::Rs256 => {
                let der = RSA.public_key().as_ref();
                let (n, e) = (bytes(&der[9..265]), bytes(&der[267..]));
                vec![(1, 3.into()), (3, (-257).into()), (-1, n), (-2, e)]
            }
        }
    }
}

/// A passkey with the client through which it is used.
pub(super) struct Authenticator {
    pub(super) key: Key,
    pub(super) id: Vec<u8>,
    pub(super) aaguid: [u8; 16],
    pub(super) user_handle: Option<Vec<u8>>,
    pub(super) count: u32,
    pub(super) flags: u8,
    pub(super) rp_id: String,
    /// What the client says beside type and challenge.
    pub(super) client: Value,
    /// In place of the type that belongs to the ceremony.
    pub(super) kind: Option<&'static str>,
    /// In place of the key's.
    pub(super) cose: Option<Vec<(i64, Cbor)>>,
    /// What follows in the authenticator's data.
    pub(super) trailer: Vec<u8>,
    /// The format of the attestation.
    pub(super) format: &'static str,
}

impl Authenticator {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            id: vec![0xc1; 32],
            aaguid: [0; 16],
            user_handle: None,
            count: 0,
            flags: VERIFIED | BACKUP_ELIGIBLE,
            rp_id: "example.org".to_owned(),
            client: json!({ "origin": "https://example.org", "crossOrigin": false }),
            kind: None,
            cose: None,
            trailer: Vec::new(),
            format: "none",
        }
    }

    /// `RegistrationResponseJSON`
    pub(super) fn register(&mut self, options: &Value) -> Value {
        let handle = options["user"]["id"].as_str().unwrap();
        self.user_handle = Some(URL_SAFE_NO_PAD.decode(handle).unwrap());
        let client_data = self.client_data("webauthn.create", options);
        let data = self.attested_data();
        let statement = match self.format {
            "packed" => {
                let signature = self.key.sign(&[data.as_slice(), &sha256(&client_data)].concat());
                let algorithm = self.key.cose()[1].1.clone();
                vec![("alg".into(), algorithm), ("sig".into(), Cbor::from(signature))]
            }
            _ => Vec::new(),
        };
        let object = attestation_object(self.format, statement, data);
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// `AuthenticationResponseJSON`
    pub(super) fn sign_in(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = [self.data(0), self.trailer.clone()].concat();
        let signature = self.key.sign(&[data.as_slice(), &sha256(&client_data)].concat());
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": self.user_handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
        }))
    }

    /// The authenticator's data at a registration.
    pub(super) fn attested_data(&self) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let cose = self.cose.clone().unwrap_or_else(|| self.key.cose());
        let key = cbor(&Cbor::Map(cose.into_iter().map(|(label, value)| (label.into(), value)).collect()));
        [self.data(ATTESTED), self.aaguid.to_vec(), length.to_vec(), self.id.clone(), key, self.trailer.clone()]
            .concat()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let flags = [self.flags | more];
        [sha256(self.rp_id.as_bytes()).as_slice(), &flags, &self.count.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let mut data = Map::new();
        data.insert("type".to_owned(), self.kind.unwrap_or(kind).into());
        data.insert("challenge".to_owned(), options["challenge"].clone());
        data.extend(self.client.as_object().unwrap().clone());
        serde_json::to_vec(&data).unwrap()
    }

    fn answer(&self, response: Value) -> Value {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }
}

pub(super) fn attestation_object(format: &str, statement: Vec<(Cbor, Cbor)>, data: Vec<u8>) -> Vec<u8> {
    cbor(&Cbor::Map(vec![
        ("fmt".into(), format.into()),
        ("attStmt".into(), Cbor::Map(statement)),
        ("authData".into(), Cbor::from(data)),
    ]))
}

pub(super) fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    into_writer(value, &mut bytes).unwrap();
    bytes
}
