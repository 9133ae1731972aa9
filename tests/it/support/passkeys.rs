//! An authenticator with its browser, in software. Each part of what it answers can be made wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::{Value as Cbor, into_writer};
use serde_json::{Value, json};

use super::client::Client;

/// The page that the tests' servers let use passkeys, unless a test says otherwise.
pub(crate) const ORIGIN: &str = "http://localhost:8080";

/// What the flags of an authenticator say.
pub(crate) mod flags {
    pub(crate) const PRESENT: u8 = 0x01;
    pub(crate) const VERIFIED: u8 = 0x04;
    pub(crate) const BACKUP_ELIGIBLE: u8 = 0x08;
    pub(crate) const BACKED_UP: u8 = 0x10;
    pub(super) const ATTESTED: u8 = 0x40;
}

/// An authenticator with one discoverable passkey (ES256), and the browser through which it is used.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    /// The credential's id.
    pub(crate) id: Vec<u8>,
    /// What the server said at the registration whose passkey it is.
    pub(crate) user_handle: Option<Vec<u8>>,
    /// The sign count of the next answer. It stays 0 where it is 0.
    pub(crate) count: u32,
    pub(crate) flags: u8,
    pub(crate) aaguid: [u8; 16],
    /// The origin of the page.
    pub(crate) origin: String,
    /// In place of the RP ID that it is asked for.
    pub(crate) rp_id: Option<String>,
    /// In place of the type that belongs to the ceremony.
    pub(crate) kind: Option<&'static str>,
}

impl Authenticator {
    /// One whose passkeys are backed up, and that does not count, as those of most providers.
    pub(crate) fn synced() -> Self {
        let mut id = vec![0; 32];
        fill(&mut id).expect("randomness");
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            id,
            user_handle: None,
            count: 0,
            flags: flags::PRESENT | flags::VERIFIED | flags::BACKUP_ELIGIBLE | flags::BACKED_UP,
            aaguid: [0; 16],
            origin: ORIGIN.to_owned(),
            rp_id: None,
            kind: None,
        }
    }

    /// One whose passkeys never leave it, and that counts, as a security key does.
    pub(crate) fn device_bound() -> Self {
        Self { count: 1, flags: flags::PRESENT | flags::VERIFIED, ..Self::synced() }
    }

    /// Answers creation options, as `toJSON()` of the new credential does.
    pub(crate) fn register(&mut self, options: &Value) -> Value {
        let handle = options["user"]["id"].as_str().unwrap_or_else(|| panic!("no user: {options}"));
        self.user_handle = Some(URL_SAFE_NO_PAD.decode(handle).expect("base64url"));
        let client_data = self.client_data("webauthn.create", options);
        let data = self.attested_data(&options["rp"]["id"]);
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(attestation_object(data)),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// Answers request options, as `toJSON()` of the assertion does.
    pub(crate) fn sign_in(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(&options["rpId"], 0);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": self.user_handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
        }))
    }

    /// The authenticator's data of a new credential (section 6.5.2 of WebAuthn).
    fn attested_data(&mut self, rp_id: &Value) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).expect("a short id").to_be_bytes();
        let point = self.key.public_key().as_ref().to_vec();
        let cose = Cbor::Map(vec![
            (1.into(), 2.into()),
            (3.into(), (-7).into()),
            ((-1).into(), 1.into()),
            ((-2).into(), Cbor::from(point[1..33].to_vec())),
            ((-3).into(), Cbor::from(point[33..].to_vec())),
        ]);
        [self.data(rp_id, flags::ATTESTED), self.aaguid.to_vec(), length.to_vec(), self.id.clone(), cbor(&cose)]
            .concat()
    }

    fn data(&mut self, rp_id: &Value, more: u8) -> Vec<u8> {
        let asked = || rp_id.as_str().unwrap_or_else(|| panic!("no RP ID: {rp_id}")).to_owned();
        let rp_id = self.rp_id.clone().unwrap_or_else(asked);
        let data = [sha256(rp_id.as_bytes()).as_slice(), &[self.flags | more], &self.count.to_be_bytes()].concat();
        self.count += u32::from(self.count > 0);
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false
        });
        data.to_string().into_bytes()
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

/// An attestation object without attestation.
pub(crate) fn attestation_object(data: Vec<u8>) -> Vec<u8> {
    cbor(&Cbor::Map(vec![
        ("fmt".into(), "none".into()),
        ("attStmt".into(), Cbor::Map(Vec::new())),
        ("authData".into(), Cbor::from(data)),
    ]))
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    into_writer(value, &mut bytes).expect("CBOR");
    bytes
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

impl Client {
    /// Sends `startPasskey`, and gives the outcome.
    pub(crate) async fn start_passkey(&self) -> Value {
        let query = "mutation { startPasskey { __typename ... on PasskeyOptions { options expiresAt } \
            ... on UserError { code message } ... on RateLimited { retryAfter } ... on ReauthenticationRequired { methods } } }";
        self.outcome(query, "startPasskey", Value::Null).await
    }

    /// Sends `addPasskey`, and gives the outcome.
    pub(crate) async fn try_add_passkey(&self, credential: &Value, name: Option<&str>) -> Value {
        let query = "mutation($i: AddPasskeyInput!) { addPasskey(input: $i) { __typename \
            ... on AddPasskeySuccess { recoveryCodes passkey { id name createdAt lastUsedAt backedUp aaguid } } \
            ... on UserError { code message } ... on InvalidInput { fields { path code message } } \
            ... on RateLimited { retryAfter } ... on ReauthenticationRequired { methods } } }";
        self.outcome(query, "addPasskey", json!({ "i": { "credential": credential, "name": name } })).await
    }

    /// Adds the passkey of this authenticator, and gives the success.
    pub(crate) async fn add_passkey(&self, authenticator: &mut Authenticator) -> Value {
        let credential = authenticator.register(&self.start_passkey().await["options"]);
        let added = self.try_add_passkey(&credential, None).await;
        assert_eq!(added["__typename"], "AddPasskeySuccess", "{added}");
        added
    }

    /// The caller's passkeys.
    pub(crate) async fn passkeys(&self) -> Value {
        let query = "{ me { passkeys { id name createdAt lastUsedAt backedUp aaguid } } }";
        self.send(query, Value::Null).await["data"]["me"]["passkeys"].clone()
    }
}
