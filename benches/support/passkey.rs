//! An authenticator with its browser, in software: one passkey (ES256) that does not count.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::{Value as Cbor, into_writer};
use serde_json::{Value, json};

use super::Outcome;
use super::client::{Account, Answer, Connection, Question};

/// The page that uses it, and settings that let it.
pub(crate) const SETTINGS: [(&str, &str); 2] =
    [("PORTCULLIS_WEBAUTHN_RP_ID", "localhost"), ("PORTCULLIS_WEBAUTHN_ORIGINS", "http://localhost")];

/// The user is present and verified, and the passkey is backed up.
const FLAGS: u8 = 0x1d;
const ATTESTED: u8 = 0x40;

pub(crate) struct Passkey {
    key: EcdsaKeyPair,
    id: [u8; 32],
    user_handle: String,
}

impl Passkey {
    /// Adds one to this account, which has just registered.
    pub(crate) async fn add(connection: &mut Connection, account: &Account) -> Outcome<Self> {
        let document = "mutation { startPasskey { __typename ... on PasskeyOptions { options } } }";
        let start = Question::new(document, Value::Null, "/data/startPasskey/__typename", "PasskeyOptions");
        let answer = connection.ask(&start.by(&account.session)).await?.right()?;
        let options = &answer["data"]["startPasskey"]["options"];
        let mut id = [0; 32];
        fill(&mut id).map_err(|_| "no randomness")?;
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| "no key")?;
        let passkey = Self { key, id, user_handle: options["user"]["id"].as_str().ok_or("no user")?.to_owned() };
        let credential = passkey.made(options)?;
        let document = "mutation ($input: AddPasskeyInput!) { addPasskey(input: $input) { __typename } }";
        let input = json!({ "input": { "credential": credential } });
        let add = Question::new(document, input, "/data/addPasskey/__typename", "AddPasskeySuccess");
        connection.ask(&add.by(&account.session)).await?.right()?;
        Ok(passkey)
    }

    /// Signs in: two requests, and the signature between them.
    pub(crate) async fn sign_in(&self, connection: &mut Connection) -> Outcome<Answer> {
        let document = "mutation { startPasskeySignIn { __typename options } }";
        let start = Question::new(document, Value::Null, "/data/startPasskeySignIn/__typename", "PasskeyOptions");
        let answer = match connection.ask(&start).await? {
            Answer::Right(answer) => answer,
            other => return Ok(other),
        };
        let credential = self.shown(&answer["data"]["startPasskeySignIn"]["options"])?;
        let document = "mutation ($input: PasskeySignInInput!) { signInWithPasskey(input: $input) { __typename \
             ... on LoginSuccess { user { id } tokens { accessToken refreshToken } } } }";
        let input = json!({ "input": { "credential": credential } });
        connection.ask(&Question::new(document, input, "/data/signInWithPasskey/__typename", "LoginSuccess")).await
    }

    /// `RegistrationResponseJSON`
    fn made(&self, options: &Value) -> Outcome<Value> {
        let point = self.key.public_key().as_ref();
        let coordinate = |bytes: &[u8]| Cbor::from(bytes.to_vec());
        let (x, y) = (coordinate(&point[1..33]), coordinate(&point[33..]));
        let key = [(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, x), (-3, y)];
        let key = Cbor::Map(key.into_iter().map(|(label, value)| (i64::into(label), value)).collect());
        let (aaguid, length) = ([0; 16], 32_u16.to_be_bytes());
        let data =
            [data(&options["rp"]["id"], ATTESTED)?, aaguid.to_vec(), length.to_vec(), self.id.to_vec(), cbor(&key)?];
        let object = cbor(&Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::from(data.concat())),
        ]))?;
        let client_data = client_data("webauthn.create", options);
        Ok(self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
        })))
    }

    /// `AuthenticationResponseJSON`
    fn shown(&self, options: &Value) -> Outcome<Value> {
        let (client_data, data) = (client_data("webauthn.get", options), data(&options["rpId"], 0)?);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).map_err(|_| "no signature")?;
        Ok(self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": self.user_handle,
        })))
    }

    fn answer(&self, response: Value) -> Value {
        let id = URL_SAFE_NO_PAD.encode(self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response })
    }
}

fn client_data(kind: &str, options: &Value) -> Vec<u8> {
    let data =
        json!({ "type": kind, "challenge": options["challenge"], "origin": SETTINGS[1].1, "crossOrigin": false });
    data.to_string().into_bytes()
}

fn data(rp_id: &Value, more: u8) -> Outcome<Vec<u8>> {
    let rp_id = rp_id.as_str().ok_or("no RP ID")?;
    Ok([digest(&SHA256, rp_id.as_bytes()).as_ref(), &[FLAGS | more], &[0; 4]].concat())
}

fn cbor(value: &Cbor) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    into_writer(value, &mut bytes)?;
    Ok(bytes)
}
