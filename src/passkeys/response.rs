//! What clients answer, as the JSON that `toJSON()` makes (section 5.1). What is not needed is not read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Refusal;

/// Longest of each part, in bytes.
const MAX_CREDENTIAL_ID: usize = 1023;
const MAX_CLIENT_DATA: usize = 8 * 1024;
const MAX_ATTESTATION: usize = 16 * 1024;
const MAX_AUTHENTICATOR_DATA: usize = 4 * 1024;
const MAX_SIGNATURE: usize = 1024;
const MAX_USER_HANDLE: usize = 64;

/// How many transports are kept, and the longest name of one.
const MAX_TRANSPORTS: usize = 8;
const MAX_TRANSPORT: usize = 32;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json<R> {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    #[serde(default)]
    transports: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// `RegistrationResponseJSON`
pub(super) struct RegistrationResponse {
    pub(super) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) attestation_object: Vec<u8>,
    pub(super) transports: Vec<String>,
}

/// `AuthenticationResponseJSON`
pub(super) struct AuthenticationResponse {
    pub(super) credential_id: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) user_handle: Option<Vec<u8>>,
}

impl RegistrationResponse {
    pub(super) fn read(json: &Value) -> Result<Self, Refusal> {
        let (credential_id, response) = read::<AttestationJson>(json)?;
        Ok(Self {
            credential_id,
            client_data: bytes("clientDataJSON", &response.client_data, MAX_CLIENT_DATA)?,
            attestation_object: bytes("attestationObject", &response.attestation_object, MAX_ATTESTATION)?,
            transports: transports(response.transports.unwrap_or_default()),
        })
    }
}

impl AuthenticationResponse {
    pub(super) fn read(json: &Value) -> Result<Self, Refusal> {
        let (credential_id, response) = read::<AssertionJson>(json)?;
        let data = bytes("authenticatorData", &response.authenticator_data, MAX_AUTHENTICATOR_DATA)?;
        let user_handle = response.user_handle.map(|handle| bytes("userHandle", &handle, MAX_USER_HANDLE));
        Ok(Self {
            credential_id,
            client_data: bytes("clientDataJSON", &response.client_data, MAX_CLIENT_DATA)?,
            authenticator_data: data,
            signature: bytes("signature", &response.signature, MAX_SIGNATURE)?,
            user_handle: user_handle.transpose()?,
        })
    }
}

/// The id of the credential, and what the authenticator answered.
fn read<R: DeserializeOwned>(json: &Value) -> Result<(Vec<u8>, R), Refusal> {
    let json = Json::<R>::deserialize(json).map_err(|_| Refusal::Malformed("the credential"))?;
    let id = bytes("rawId", &json.raw_id, MAX_CREDENTIAL_ID)?;
    if json.kind != "public-key" || json.id != json.raw_id || id.is_empty() {
        return Err(Refusal::Malformed("the credential"));
    }
    Ok((id, json.response))
}

/// Decodes base64url without padding, of `most` bytes at the most.
fn bytes(part: &'static str, text: &str, most: usize) -> Result<Vec<u8>, Refusal> {
    if text.len() > most.div_ceil(3) * 4 {
        return Err(Refusal::Malformed(part));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Malformed(part))?;
    if bytes.len() > most { Err(Refusal::Malformed(part)) } else { Ok(bytes) }
}

/// Those that look like transports. Some may be newer than we are, and clients pass over what they don't know.
fn transports(mut told: Vec<String>) -> Vec<String> {
    let is_name = |name: &String| {
        (1..=MAX_TRANSPORT).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    told.retain(is_name);
    told.sort_unstable();
    told.dedup();
    told.truncate(MAX_TRANSPORTS);
    told
}
